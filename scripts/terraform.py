"""Runs Terraform with this project's settings: a checked version, and providers from a mirror where there is one.

`python -m scripts.terraform -chdir=environments/dev plan` takes what Terraform takes; `check` alone only checks.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUILD = Path(__file__).resolve().parent.parent / "build"
MINIMUM = (1, 10)  # the first with S3-native state locking
REGISTRY = "registry.terraform.io"
PROVIDER = Path(REGISTRY, "hashicorp", "aws")
# Where machines without network tend to keep a mirror, itself or up to two levels below. The folders that Terraform
# searches of its own accord (~/.terraform.d/plugins, …/share/terraform/plugins) are covered too.
PREFIXES = ("/opt", "/srv", "/usr/share", "/usr/local/share", "~/.terraform.d", "~/.local/share")

# Terraform and its provider spend a third of their processor time on garbage: let more of it lie, up to a limit each.
# https://go.dev/doc/gc-guide
LEAN = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}


class TerraformError(Exception):
    """Terraform cannot be used here; the message is one sentence for the person at the keyboard."""


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `base` plus what Terraform needs to find its providers; writes `build/terraform.rc` if needed.

    First of these wins: the mirror that TERRAFORM_MIRROR names (empty: use none), the CLI configuration that
    TF_CLI_CONFIG_FILE names (unless the file is missing), the user's own `~/.terraformrc`, a mirror found on this
    machine, the registry with a shared cache. Raises TerraformError when TERRAFORM_MIRROR names no mirror.
    https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
    """
    settings = LEAN | dict(base) | {"CHECKPOINT_DISABLE": "1"}
    named = base.get("TERRAFORM_MIRROR")
    own = [path for path in (base.get("TF_CLI_CONFIG_FILE"), str(Path.home() / ".terraformrc")) if path]
    if not named and (existing := next((path for path in own if Path(path).is_file()), None)):
        return settings | {"TF_CLI_CONFIG_FILE": existing}
    mirror = find_mirror(_expand(PREFIXES)) if named is None else _named_mirror(named)
    if mirror is None:
        # One copy of a provider of several hundred megabytes; the cache's folder must exist.
        cache = Path(settings.setdefault("TF_PLUGIN_CACHE_DIR", str(BUILD / "providers")))
        cache.mkdir(parents=True, exist_ok=True)
    return settings | {"TF_CLI_CONFIG_FILE": str(_write(BUILD / "terraform.rc", configuration(mirror)))}


def find_mirror(prefixes: Iterable[Path]) -> Path | None:
    """Return the first folder laid out as a Terraform mirror that holds the AWS provider, or None."""
    for prefix in prefixes:
        for depth in ("", "*/", "*/*/"):
            for found in sorted(prefix.glob(f"{depth}{PROVIDER}")):
                return found.parents[len(PROVIDER.parts) - 1]
    return None


def configuration(mirror: Path | None) -> str:
    """Return a Terraform CLI configuration: what `mirror` holds comes from there, all the rest from the registry."""
    lines = ["disable_checkpoint = true"]
    if mirror:
        held = json.dumps([str(path.relative_to(mirror)) for path in sorted(mirror.glob(f"{REGISTRY}/*/*"))])
        lines += [
            "provider_installation {",
            f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = {held}\n  }}",
            f"  direct {{\n    exclude = {held}\n  }}",
            "}",
        ]
    return "\n".join(lines) + "\n"


def run(
    directory: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    capture: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `terraform <arguments>` in `directory` with `env` added to its environment; the caller reads the exit code.

    Raises TerraformError when Terraform is missing or too old.
    """
    settings = environment() | dict(env or {})
    command = [program(), *arguments]
    return subprocess.run(command, cwd=directory, env=settings, capture_output=capture, text=True, check=False)


def first_error(stderr: str) -> str:
    """Return the first error's summary in what Terraform wrote; without one, its last line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stderr)
    found = re.search(r"^\W*Error: (.+)$", plain, re.MULTILINE)
    return found[1].strip() if found else (plain.strip().splitlines() or ["it did not say why"])[-1]


@functools.cache
def program() -> str:
    """Return Terraform's path; raises TerraformError when it is missing, broken or older than MINIMUM."""
    wanted = f"Terraform >= {'.'.join(map(str, MINIMUM))}"
    install = "install it from https://developer.hashicorp.com/terraform/install"
    path = shutil.which("terraform")
    if path is None:
        raise TerraformError(f"{wanted} is needed, and there is no terraform on PATH: {install}.")
    result = subprocess.run([path, "version", "-json"], env=environment(), capture_output=True, text=True, check=False)
    try:
        version: str = json.loads(result.stdout)["terraform_version"]
        parts = tuple(int(part) for part in version.split(".")[:2])
    except (ValueError, KeyError) as error:
        raise TerraformError(f"{wanted} is needed, and {path} does not tell its version: {install}.") from error
    if parts < MINIMUM:
        raise TerraformError(f"{wanted} is needed, and {path} is {version}: {install}.")
    return path


def main(arguments: list[str]) -> int:
    """Become Terraform (`check`: only see that it can be used); return 1 after one sentence on standard error."""
    try:
        path, settings = program(), environment()
    except TerraformError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments != ["check"]:
        os.execve(path, [path, *arguments], settings)  # noqa: S606 - to become Terraform is the purpose; no shell
    return 0


def _named_mirror(name: str) -> Path | None:
    if not name:
        return None
    mirror = find_mirror([Path(name).expanduser().resolve()])
    if mirror is None:
        raise TerraformError(f"TERRAFORM_MIRROR names {name}, which does not hold {PROVIDER}: name a mirror's folder.")
    return mirror


def _expand(prefixes: Iterable[str]) -> list[Path]:
    return [Path(prefix).expanduser() for prefix in prefixes]


def _write(path: Path, text: str) -> Path:
    """Write `text` unless it is there, in one step: several Terraforms may be started at the same time."""
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
