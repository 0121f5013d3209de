"""Bring `environments/local` up on this machine: the engine, then `terraform apply`, and only what is not there yet."""

import hashlib
import json
import subprocess
from collections.abc import Callable

from scripts import build_image, deployment, terraform
from scripts.deployment import LOCAL_ACCOUNT, LOCAL_REGION, ROOT, Deployment
from scripts.local_account import prepare
from scripts.local_engine import Engine
from scripts.local_engine.process import DEFAULT_PORT

ENVIRONMENT = ROOT / "environments" / "local"
APPLIED = ROOT / "build" / "local" / "applied"
OVERRIDE = ENVIRONMENT / "engine_override.tf"  # for another port than the one in main.tf; git knows nothing of it
PARALLELISM = 256  # the provider waits for most of the time (25 s for a queue), so let all waits run side by side
PARALLEL = f"-parallelism={PARALLELISM}"

type Tell = Callable[[str], None]


class ApplyError(Exception):
    """`terraform init` or `apply` failed; the message holds what Terraform said."""


def up(engine: Engine, tell: Tell) -> Deployment:
    """Start `engine` unless it runs, apply what is not applied yet and return the deployment.

    `tell` hears one short sentence per step. Raises EngineError, TerraformError or ApplyError.
    """
    terraform.program()  # before an engine starts that nobody could use
    if not engine.pid():
        tell("starting the engine")
        APPLIED.unlink(missing_ok=True)  # to an engine that is gone
        build_image.provide(engine.url)
        engine.start()
    wanted = digest(engine)
    if not APPLIED.exists() or APPLIED.read_text() != wanted:
        _apply(engine, tell)
        APPLIED.parent.mkdir(parents=True, exist_ok=True)
        APPLIED.write_text(wanted)
    return deployment.load("local")


def digest(engine: Engine) -> str:
    """Return a digest of all that decides what is applied: the sources, the zips, and which engine holds it."""
    content = hashlib.sha256(str(engine.pid()).encode())
    for folder in ("modules", "statemachines", "environments/local", "build"):
        for path in sorted((ROOT / folder).rglob("*" if folder != "build" else "*.zip")):
            if path.is_file() and ".terraform" not in path.parts and path.name != OVERRIDE.name:
                content.update(str(path.relative_to(ROOT)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


def apis_at(engine_url: str) -> str:
    """Return the Terraform that says where the APIs of an engine are called, in place of what an environment says."""
    return f'module "foundation" {{\n  api_url_format = "{engine_url}/_aws/execute-api/%s/%s"\n}}\n'


def _apply(engine: Engine, tell: Tell) -> None:
    OVERRIDE.unlink(missing_ok=True)
    if engine.port != DEFAULT_PORT:
        OVERRIDE.write_text(apis_at(engine.url))
    environment = {"AWS_ENDPOINT_URL": engine.url}
    prepare(Deployment("local", {}, LOCAL_REGION, engine.url, LOCAL_ACCOUNT).client)
    tell("terraform init")
    options = ("-reconfigure", "-input=false", "-no-color")
    done = terraform.run(ENVIRONMENT, "init", *options, env=environment, capture=True)
    if done.returncode:
        raise ApplyError(f"terraform init of environments/local failed: {terraform.first_error(done.stderr)}")
    tell("terraform apply")
    with subprocess.Popen(
        [terraform.program(), f"-chdir={ENVIRONMENT}", "apply", "-auto-approve", "-input=false", "-json", PARALLEL],
        env=terraform.environment() | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        _report(process, tell)


def _report(process: subprocess.Popen[str], tell: Tell) -> None:
    """Turn the messages of `terraform apply -json` into progress.

    https://developer.hashicorp.com/terraform/internals/machine-readable-ui
    """
    planned, done, errors = 0, 0, []
    for line in process.stdout or ():
        message = json.loads(line)
        if message["type"] == "change_summary":
            planned = planned or message["changes"]["add"] + message["changes"]["change"]
        elif message["type"] == "apply_complete" and message["hook"]["action"] != "read":
            done += 1
            tell(f"terraform apply: {done} of {planned} resources")
        elif message["type"] == "diagnostic" and message["@level"] == "error":
            errors.append(message["diagnostic"]["summary"] + ": " + message["diagnostic"].get("detail", ""))
    if process.wait():
        mend = "if another apply was cut off before, run `make down` first"
        raise ApplyError(f"terraform apply of environments/local failed: {'; '.join(errors)}; {mend}")
