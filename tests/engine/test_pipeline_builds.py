"""The builds of the GitOps pipeline, run for real on the sample repository: each by itself, with its own role."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts import build_image, package, sample_repository
from scripts.local_engine import Engine
from scripts.sample_repository import Change, Sample
from scripts.signed_http import send
from tests.engine.builds import Builds
from tests.engine.functions import Functions
from tests.engine.hooks import hook
from tests.engine.pipeline import (
    RUN,
    SCANS,
    Pipeline,
    allow,
    exported,
    make_build,
    make_deploy,
    make_scans,
    make_smoke_test,
)
from tests.engine.repositories import Repositories

type Clients = Callable[[str], Any]

PARAMETER = "/pipeline-builds/digest"
STATE = "tfstate-pipeline-builds"
# The least that can be deployed of what was built.
CHEAP = f"""\
resource "aws_ssm_parameter" "digest" {{
  name  = "{PARAMETER}"
  type  = "String"
  value = filesha256("${{path.root}}/../../build/greeter.zip")
}}
"""
ADVISORY = {
    "id": "PYSEC-2026-1",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "jmespath"}, "versions": ["1.1.0"]}],
}


@pytest.fixture(scope="module")
def sample(repositories: Repositories, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    package.build(package.ROOT / "build")  # whose wheels builds take
    return Sample(tmp_path_factory.mktemp("sample"), repositories.make().url)


@pytest.fixture(scope="module")
def pipeline(builds: Builds, client: Clients, sample: Sample) -> Pipeline:
    return Pipeline(builds, client, Path(sample.clone_url).stem)


@pytest.fixture(scope="module")
def deployers(client: Clients, make_role: Callable[..., str]) -> dict[str, str]:
    """A bucket for the state, and roles that may do to the cheap environment what its plan and its apply need."""
    client("s3").create_bucket(Bucket=STATE)
    state = f"arn:aws:s3:::{STATE}"
    parameter = f"arn:aws:ssm:us-east-1:000000000000:parameter{PARAMETER}"
    reading = [
        allow("s3:ListBucket", state),
        allow("s3:GetObject", f"{state}/*"),
        allow(["s3:DeleteObject", "s3:PutObject"], f"{state}/*.tflock"),
        allow(["ssm:GetParameter", "ssm:ListTagsForResource"], parameter),
        allow("ssm:DescribeParameters", "*"),
    ]
    writing = [allow("s3:PutObject", f"{state}/*"), allow(["ssm:AddTagsToResource", "ssm:PutParameter"], parameter)]
    account = "arn:aws:iam::000000000000:root"
    return {"plan": make_role(*reading, trust=account), "apply": make_role(*reading, *writing, trust=account)}


@dataclass(frozen=True)
class Built:
    """A build: of which commit, what it handed out, and the manifest that it signed."""

    commit: str
    exported: dict[str, str]
    envelope: dict[str, str]

    @property
    def manifest(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.envelope["manifest"])
        return document

    @property
    def told(self) -> dict[str, str]:
        """What a plan and an apply are told of it."""
        digests = {name: artifact["sha256"] for name, artifact in self.manifest["artifacts"].items()}
        return {"RUN_ID": RUN, "ENVIRONMENT": "local", "ARTIFACTS": json.dumps(digests)}


@pytest.fixture(scope="module")
def built(pipeline: Pipeline, sample: Sample) -> Built:
    make_build(pipeline)
    commit = sample.push(cheap())
    build = pipeline.succeeded(pipeline.start("build", commit, RUN_ID=RUN, REPOSITORY="sample", BRANCH="main"))
    told = exported(build)
    envelope = json.loads(pipeline.read(told["MANIFEST_KEY"], VersionId=told["MANIFEST_VERSION"]))
    return Built(commit, told, envelope)


def everything_wrong() -> Change:
    """Be refused by three scans at once."""
    wrong = (
        sample_repository.plant_secret(),
        sample_repository.break_unit_test(),
        sample_repository.violate_policy(),
    )

    def edit(path: Path) -> None:
        for change in wrong:
            change.edit(path)

    return Change("Do everything wrong", edit)


def cheap() -> Change:
    """Deploy next to nothing, so that a plan and an apply take little time."""

    def edit(path: Path) -> None:
        environment = path / "environments" / "local"
        (environment / "outputs.tf").unlink()
        (environment / "main.tf").write_text(CHEAP)
        terraform = environment / "terraform.tf"
        terraform.write_text(terraform.read_text().replace("tfstate-workflows-sample-000000000000-us-east-1", STATE))

    return Change("Deploy next to nothing", edit)


def found(pipeline: Pipeline, run: str) -> dict[str, list[str]]:
    """Return what the scans of a run have found, by their names."""
    reports = {scan: pipeline.report(f"runs/{run}/reports/{scan}.json") for scan in SCANS}
    return {scan: [finding["id"] for finding in report["findings"]] for scan, report in reports.items()}


def test_the_scans_let_the_good_through_and_name_the_bad(pipeline: Pipeline, sample: Sample, engine: Engine) -> None:
    make_scans(pipeline)
    commits = {"good": sample.push(sample_repository.unchanged()), "bad": sample.push(everything_wrong())}

    def start(run: str, scan: str) -> str:
        return pipeline.start(scan, commits[run], REPORT_KEY=f"runs/{run}/reports/{scan}.json")

    started = [start(run, scan) for scan in SCANS for run in commits if (run, scan) != ("bad", "dependency_audit")]
    wrong = pipeline.start("secret_scan", commits["good"], REPORT_KEY="runs/1/reports/unit_tests.json")
    for build in started:
        pipeline.succeeded(build)
    hook(engine, "osv/advisories", **ADVISORY)
    pipeline.succeeded(start("bad", "dependency_audit"))
    send("DELETE", f"{engine.url}/_local/osv/advisories")
    assert found(pipeline, "good") == {scan: [] for scan in SCANS}
    bad = found(pipeline, "bad")
    assert "CKV_AWS_20" in bad.pop("policy_scan"), "a bucket that everybody may read"
    assert bad == {"secret_scan": ["aws-access-key"], "dependency_audit": ["PYSEC-2026-1"], "unit_tests": ["failure"]}
    assert any("AccessDenied" in line for line in pipeline.failed(wrong)), "another scan's report"


def test_the_manifest_is_signed_and_names_what_was_built(pipeline: Pipeline, built: Built) -> None:
    verified = pipeline.client("kms").verify(
        KeyId=pipeline.signing_key,
        Message=hashlib.sha256(built.envelope["manifest"].encode()).digest(),
        MessageType="DIGEST",
        Signature=b64decode(built.envelope["signature"]),
        SigningAlgorithm="ECDSA_SHA_256",
    )
    assert verified["SignatureValid"]
    artifacts = built.manifest.pop("artifacts")
    origin = {"run_id": RUN, "repository": "sample", "branch": "main", "commit": built.commit}
    assert built.manifest == {**origin, "artifacts": artifacts}
    for artifact in artifacts.values():
        body = pipeline.read(artifact["key"], VersionId=artifact["version_id"])
        assert hashlib.sha256(body).hexdigest() == artifact["sha256"]


def test_the_zips_are_those_that_this_machine_makes(
    sample: Sample, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    for name, value in build_image.variables(engine.url).items():
        if name in {"PIP_FIND_LINKS", "PIP_NO_INDEX"}:
            monkeypatch.setenv(name, value)
    made = package.build(tmp_path, sample.path)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made}
    assert digests == json.loads(built.told["ARTIFACTS"])
    assert set(digests) == {"greeter.zip", "layer_arm64.zip", "layer_x86_64.zip"}


def test_the_plan_that_was_decided_about_is_applied_and_no_other(
    pipeline: Pipeline, built: Built, deployers: dict[str, str], client: Clients
) -> None:
    make_deploy(pipeline, deployers)

    def start(build: str, **told: str) -> str:
        return pipeline.start(build, built.commit, **built.told, **told)

    as_another = start("plan", DEPLOYER_ROLE_ARN=deployers["apply"])
    plan = exported(pipeline.succeeded(start("plan")))
    assert plan.pop("PLAN_SUMMARY") == "1 to add, 0 to change, 0 to destroy"
    body = pipeline.read(plan["PLAN_KEY"], VersionId=plan["PLAN_VERSION"])
    assert hashlib.sha256(body).hexdigest() == plan["PLAN_SHA256"]
    assert "aws_ssm_parameter.digest will be created" in pipeline.read(f"runs/{RUN}/plan.txt").decode()
    of_another = start("apply", **plan | {"PLAN_SHA256": "0" * 64})
    pipeline.succeeded(start("apply", **plan))
    deployed = client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    assert deployed == json.loads(built.told["ARTIFACTS"])["greeter.zip"]
    assert f"the role {deployers['apply']} was not to be had" in pipeline.failed(as_another)[-1]
    assert "which was decided about" in pipeline.failed(of_another)[-1]


def test_what_is_live_is_called(pipeline: Pipeline, sample: Sample, functions: Functions, name: str) -> None:
    commit, started = sample.push(sample_repository.unchanged()), []
    for prefix, greeting in ((f"{name}-good-", "Hello, Ada!"), (f"{name}-bad-", "Hello!")):
        source = f"def handler(event, context): return {{'greeting': {greeting!r}, 'version': {sample.version}}}"
        functions.alias(functions.make(source, FunctionName=f"{prefix}greeter"))
        make_smoke_test(pipeline, prefix)
        started.append(pipeline.start("smoke_test", commit, RUN_ID=RUN, ENVIRONMENT="local"))
    good, bad = started
    pipeline.succeeded(good)
    assert any("test_it_greets_by_name" in line for line in pipeline.failed(bad))
