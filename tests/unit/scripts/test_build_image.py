"""The image of the engine's builds: this machine's tools, and nothing that has to be fetched."""

import os
import sys
from pathlib import Path

import pytest

from scripts import build_image, terraform
from scripts.deployment import ROOT
from scripts.package import PLATFORMS

URL = "http://127.0.0.1:4566"


def test_the_engine_s_python_comes_first_then_the_scanners_then_the_machine(machine: Path) -> None:
    first, second, *rest = build_image.variables(URL)["PATH"].split(os.pathsep)
    assert (first, second) == (str(Path(sys.executable).parent), str(ROOT / ".venv-lint" / "bin"))
    assert rest == [str(machine / "bin")]


@pytest.mark.usefixtures("machine")
def test_pip_and_its_audit_ask_nobody_on_the_network() -> None:
    image = build_image.variables(URL)
    assert image["PIP_NO_INDEX"] == "1"
    assert image["PIP_FIND_LINKS"].split() == [(ROOT / "build" / "wheels" / name).as_uri() for name in PLATFORMS]
    assert image["PIP_AUDIT_VULNERABILITY_SERVICE"] == "osv"
    assert image["PIP_AUDIT_OSV_URL"].startswith(f"{URL}/_local/osv/")


def test_a_mirror_s_provider_is_used_through_terraform_s_configuration(machine: Path) -> None:
    (machine / "opt" / terraform.PROVIDER).mkdir(parents=True)
    image = build_image.variables(URL)
    assert str(machine / "opt") in Path(image["TF_CLI_CONFIG_FILE"]).read_text()
    assert "TERRAFORM_MIRROR" not in image
    assert image["CHECKPOINT_DISABLE"] == "1"


def test_without_a_mirror_the_cache_is_one_once_it_is_filled(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = build_image.variables(URL)
    assert "TF_CLI_CONFIG_FILE" not in image
    cache = Path(image["TERRAFORM_MIRROR"])
    assert cache == machine / "build" / "providers"
    (cache / terraform.PROVIDER).mkdir(parents=True)
    monkeypatch.setenv("TERRAFORM_MIRROR", str(cache))  # as the build has it
    assert str(cache) in Path(terraform.environment()["TF_CLI_CONFIG_FILE"]).read_text()


def test_the_machine_s_own_settings_of_terraform_stay_outside(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = machine / "own.rc"
    own.touch()
    for name, value in {"TF_CLI_CONFIG_FILE": str(own), "TF_VAR_name": "x", "TF_TOKEN_example_com": "x"}.items():
        monkeypatch.setenv(name, value)
    image = build_image.variables(URL)
    assert image["TF_CLI_CONFIG_FILE"] == str(own)
    assert not any(name.startswith(("TF_VAR", "TF_TOKEN")) for name in image)


def test_the_engine_hands_it_to_builds(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": str(machine / "bin"), "HOME": str(machine / "home")})
    build_image.provide(URL)
    given = {name: value for name, value in os.environ.items() if name.startswith("ENGINE_BUILD_")}
    assert given == {f"ENGINE_BUILD_{name}": value for name, value in build_image.variables(URL).items()}
