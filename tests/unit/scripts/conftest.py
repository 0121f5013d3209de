"""A machine as bare as a newcomer's, with a Terraform that says what a test wants."""

from pathlib import Path

import pytest

from scripts import terraform
from tests.support.fake_terraform import FakeTerraform, Install


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty home, no mirror and no Terraform."""
    monkeypatch.setattr(terraform, "BUILD", tmp_path / "build")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(terraform, "PREFIXES", (str(tmp_path / "opt"), "~/.local/share"))
    for name in ("TERRAFORM_MIRROR", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for folder in ("home", "bin", "opt"):
        (tmp_path / folder).mkdir()
    terraform.program.cache_clear()
    return tmp_path


@pytest.fixture
def fake_terraform(machine: Path) -> Install:
    """Install a Terraform that runs the given lines of shell: `fake_terraform(init="exit 1")`."""

    def install(**commands: str) -> FakeTerraform:
        fake = FakeTerraform(machine)
        fake.says(**commands)
        return fake

    return install
