"""What builds on the embedded engine find on this machine, as CodeBuild's image and the network would give it in AWS.

The scanners of `.venv-lint`, Terraform's provider, the wheels of the last `make package`, and the engine's advisories.
"""

import os
import sys
from pathlib import Path

from scripts import package, terraform
from scripts.deployment import ROOT

# The engine hands what begins like this, without this beginning, to each build (mends/codebuild/variables.py).
PREFIX = "ENGINE_BUILD_"
SCANNERS = ROOT / ".venv-lint" / "bin"
_TERRAFORM = ("CHECKPOINT_DISABLE", "TF_CLI_CONFIG_FILE", *terraform.LEAN)


def provide(engine_url: str) -> None:
    """Let the engine that is about to start at `engine_url` give its builds what they need. Raises TerraformError."""
    os.environ.update({f"{PREFIX}{name}": value for name, value in variables(engine_url).items()})


def variables(engine_url: str) -> dict[str, str]:
    """Return the environment variables of the image. Raises TerraformError."""
    # The engine's own tools come first: an environment of Python has programs like `python` and `pip`, too.
    path = (str(Path(sys.executable).parent), str(SCANNERS), os.environ.get("PATH", os.defpath))
    return {
        "PATH": os.pathsep.join(path),
        "PIP_AUDIT_OSV_URL": f"{engine_url}/_local/osv/v1/query",
        "PIP_AUDIT_VULNERABILITY_SERVICE": "osv",
        **_wheels(),
        **_providers(),
    }


def _wheels() -> dict[str, str]:
    """Let pip take the layers' wheels from where packaging left them, and from nowhere else."""
    folders = [package.wheels(package.ROOT / "build", architecture) for architecture in package.PLATFORMS]
    return {"PIP_FIND_LINKS": " ".join(folder.as_uri() for folder in folders), "PIP_NO_INDEX": "1"}


def _providers() -> dict[str, str]:
    """Let Terraform take its provider from where it is on this machine.

    Without a mirror that is the cache, which the first `terraform init` fills, and which is laid out like one.
    """
    settings = terraform.environment()
    chosen = {name: settings[name] for name in _TERRAFORM}
    if cache := settings.get("TF_PLUGIN_CACHE_DIR"):
        del chosen["TF_CLI_CONFIG_FILE"]
        chosen["TERRAFORM_MIRROR"] = cache
    return chosen
