"""The Terraform wrapper against fake Terraforms, fake homes and fake mirrors."""

import os
from pathlib import Path

import pytest

from scripts import terraform
from scripts.terraform import PROVIDER, TerraformError, configuration, environment, find_mirror, main, program


def make_mirror(folder: Path) -> Path:
    (folder / PROVIDER).mkdir(parents=True)
    return folder


def fake_terraform(machine: Path, version: str) -> Path:
    path = machine / "bin" / "terraform"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo \'{{"terraform_version": "{version}"}}\' || echo "$PWD $@ $EXTRA"\n'
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("where", ["opt", "opt/mirror", "opt/terraform/mirror", "home/.local/share/terraform/plugins"])
def test_a_mirror_is_found_up_to_two_levels_down(machine: Path, where: str) -> None:
    mirror = make_mirror(machine / where)
    written = Path(environment({})["TF_CLI_CONFIG_FILE"]).read_text()
    assert f'path    = "{mirror}"' in written
    assert "TF_PLUGIN_CACHE_DIR" not in environment({})


@pytest.mark.usefixtures("machine")
def test_without_a_mirror_the_registry_is_used_with_a_shared_cache() -> None:
    found = environment({})
    assert Path(found["TF_CLI_CONFIG_FILE"]).read_text() == "disable_checkpoint = true\n"
    assert Path(found["TF_PLUGIN_CACHE_DIR"]).is_dir()
    assert found["CHECKPOINT_DISABLE"] == "1"


def test_a_cache_that_is_already_set_is_kept(machine: Path) -> None:
    assert environment({"TF_PLUGIN_CACHE_DIR": str(machine / "mine")})["TF_PLUGIN_CACHE_DIR"] == str(machine / "mine")


@pytest.mark.usefixtures("machine")
def test_terraform_collects_garbage_less_often_unless_it_is_told_how_often() -> None:
    assert environment({})["GOGC"] == "400"
    assert environment({"GOGC": "100"})["GOGC"] == "100"


def test_a_named_mirror_wins_over_all_else(machine: Path) -> None:
    (machine / "home" / ".terraformrc").write_text("")
    make_mirror(machine / "opt")
    named = make_mirror(machine / "elsewhere")
    assert find_mirror([named]) == named
    assert f'"{named}"' in Path(environment({"TERRAFORM_MIRROR": str(named)})["TF_CLI_CONFIG_FILE"]).read_text()


def test_a_named_mirror_must_be_one(machine: Path) -> None:
    with pytest.raises(TerraformError, match=r"TERRAFORM_MIRROR names .* does not hold"):
        environment({"TERRAFORM_MIRROR": str(machine / "home")})


def test_an_empty_name_means_no_mirror(machine: Path) -> None:
    make_mirror(machine / "opt")
    found = environment({"TERRAFORM_MIRROR": ""})
    assert Path(found["TF_CLI_CONFIG_FILE"]).read_text() == "disable_checkpoint = true\n"


def test_the_user_s_configuration_is_respected(machine: Path) -> None:
    make_mirror(machine / "opt")
    own = machine / "home" / ".terraformrc"
    own.write_text("")
    other = machine / "other.tfrc"
    assert environment({})["TF_CLI_CONFIG_FILE"] == str(own)
    assert environment({"TF_CLI_CONFIG_FILE": str(other)})["TF_CLI_CONFIG_FILE"] == str(own)
    other.write_text("")
    assert environment({"TF_CLI_CONFIG_FILE": str(other)})["TF_CLI_CONFIG_FILE"] == str(other)


def test_what_the_mirror_lacks_comes_from_the_registry(machine: Path) -> None:
    mirror = make_mirror(machine / "opt")
    (mirror / "registry.terraform.io" / "hashicorp" / "random").mkdir()
    held = '["registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/random"]'
    assert f"include = {held}" in configuration(mirror)
    assert f"direct {{\n    exclude = {held}" in configuration(mirror)


def test_terraform_is_accepted_from_1_10(machine: Path) -> None:
    path = fake_terraform(machine, "1.10.0-rc1")
    assert program() == str(path)


@pytest.mark.parametrize("version", ["1.9.8", "0.15.5"])
def test_an_old_terraform_is_refused(machine: Path, version: str) -> None:
    fake_terraform(machine, version)
    with pytest.raises(TerraformError, match=rf"^Terraform >= 1\.10 is needed, and .* is {version}: install it"):
        program()


def test_a_missing_or_broken_terraform_is_refused(machine: Path) -> None:
    with pytest.raises(TerraformError, match="no terraform on PATH"):
        program()
    fake_terraform(machine, '"')
    with pytest.raises(TerraformError, match="does not tell its version"):
        program()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("\n\x1b[31m╷\n│ \x1b[1mError: No configuration\n│ \n│ Go elsewhere.\n╵\n", "No configuration"),
        (
            "Warning: old\n\nError: Backend initialization required\n\nReason: …\nError: more\n",
            "Backend initialization required",
        ),
        ("killed\n", "killed"),
        ("", "it did not say why"),
    ],
)
def test_the_first_error_of_many_lines_is_the_reason(said: str, reason: str) -> None:
    assert terraform.first_error(said) == reason


def test_run_passes_arguments_environment_and_output(machine: Path) -> None:
    fake_terraform(machine, "1.11.4")
    result = terraform.run(machine / "home", "output", "-json", env={"EXTRA": "x"}, capture=True)
    assert result.stdout == f"{machine / 'home'} output -json x\n"


def test_the_command_line_becomes_terraform(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(fake_terraform(machine, "1.11.4"))
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _path, arguments, _settings: became.append(arguments))
    main(["-chdir=somewhere", "plan"])
    assert main(["check"]) == 0
    assert became == [[path, "-chdir=somewhere", "plan"]]


def test_the_command_line_says_one_sentence(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_terraform(machine, "1.0.0")
    assert main(["plan"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
