"""The rules of our Terraform that no linter knows: small interfaces, stable keys, values only in environments."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED = ("dev", "staging", "prod")
ENVIRONMENTS = ("local", *DEPLOYED)
MODULES = sorted(path.parent for path in (ROOT / "modules").rglob("variables.tf"))
MAX_INPUTS = 13


def _blocks(directory: Path, kind: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each top-level block of `kind` in `directory`."""
    for path in sorted(directory.glob("*.tf")):
        for found in re.finditer(rf'^{kind} "(\w+)" {{\n(.*?)^}}', path.read_text(), re.MULTILINE | re.DOTALL):
            yield found[1], found[2]


def _code(text: str) -> str:
    """A file's text without comments, and without what stands in plain strings (`cron(0 3 ? * 2#1 *)`)."""
    return re.sub(r"#.*", "", re.sub(r'"[^"$\n]*"', '""', text))


def _shape(text: str) -> str:
    """A file's text without values: strings, numbers, booleans, null, the elements of lists of them, and a network."""
    text = re.sub(r'""|\b\d+\b|\b(true|false|null)\b', "VALUE", _code(text))
    text = re.sub(r"\[[VALUE, ]*\]", "VALUE", text)
    return re.sub(r"\{ subnet_ids = VALUE, security_group_ids = VALUE(, internet = VALUE)? \}", "VALUE", text)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_inputs_are_few_typed_described_and_in_order(module: Path) -> None:
    inputs = dict(_blocks(module, "variable"))
    assert len(inputs) <= MAX_INPUTS
    first, *others = inputs
    assert others == sorted(others), f"after {first}, inputs are in alphabetical order"
    for name, text in inputs.items():
        assert re.search(r'^  description = ".+[.]"$', text, re.MULTILINE), f"{name}: its description is a sentence"
        assert re.search(r"^  type +=", text, re.MULTILINE), f"{name}: it has a type"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_every_validation_is_seen_to_refuse_something(module: Path) -> None:
    text = (Path(__file__).parent / f"{module.name}.tftest.hcl").read_text()
    expected = re.findall(r"expect_failures = \[(.+)\]", text)
    runs = Counter(name for names in expected for name in names.split(", "))
    for name, variable in _blocks(module, "variable"):
        assert variable.count("  validation {") <= runs[f"var.{name}"], f"{name}: each validation has a run of its own"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_outputs_are_described(module: Path) -> None:
    for name, text in _blocks(module, "output"):
        assert re.search(r'^  description = ".+[.]"$', text, re.MULTILINE), f"{name}: its description is a sentence"


@pytest.mark.parametrize("path", sorted((ROOT / "modules").rglob("*.tf")), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_keep_to_the_conventions(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# "), "the first line says what the file is for"
    assert not re.search(r"^\s*count\s*=", text, re.MULTILINE), "for_each over a map keeps its keys, count does not"
    assert not re.search(r"type\s*=.*\bany\b", text), "an input of any type accepts every typing mistake"
    assert not re.search(r'variable "(create|enable)_', text), "safety is not a parameter"
    code = re.sub(r"#.*|(description|error_message) .*", "", text)
    named = re.search(rf"(?<!\"/)\b({'|'.join(ENVIRONMENTS)})\b(?!\.)", code)
    assert not named, "an environment's name belongs under environments/"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environments_hold_values_only(environment: str) -> None:
    directory = ROOT / "environments" / environment
    text = (directory / "main.tf").read_text()
    assert set(re.findall(r"^(\w+)", text, re.MULTILINE)) == {"module"}, "modules are called, nothing else"
    assert not re.search(r"\bcount\b|\bfor_each\b|\bfor\b|\?|\bvar\.|\blocal\.", _code(text))
    own = {"aws_config", "sample_account.tf"} if environment == "local" else set()
    files = {
        path.name
        for path in directory.iterdir()
        if path.is_file() and not path.name.endswith(("_override.tf", ".tfplan"))
    }
    assert files == {"main.tf", "outputs.tf", "terraform.tf", ".terraform.lock.hcl"} | own


def test_the_sample_account_is_values_only() -> None:
    text = (ROOT / "environments" / "local" / "sample_account.tf").read_text()
    assert set(re.findall(r"^(\w+)", text, re.MULTILINE)) == {"module", "output"}
    assert not re.search(r"\bcount\b|\bfor_each\b|\bfor\b|\?|\bvar\.|\blocal\.", _code(text))


@pytest.mark.parametrize("file", ["main.tf", "outputs.tf"])
def test_environments_differ_in_values_only(file: str) -> None:
    shapes = {name: _shape((ROOT / "environments" / name / file).read_text()) for name in ENVIRONMENTS}
    assert len(set(shapes.values())) == 1, shapes


@pytest.mark.parametrize("internet", ["", ", internet = true"])
def test_a_network_is_a_value(internet: str) -> None:
    without = (ROOT / "environments" / "prod" / "main.tf").read_text()
    network = f'{{ subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"]{internet} }}'
    within = re.sub(r"^(  network +=) null", rf"\1 {network}", without, count=1, flags=re.MULTILINE)
    assert within != without
    assert _shape(within) == _shape(without)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_whoever_has_functions_hands_on_where_they_run_and_who_moves_their_aliases(module: Path) -> None:
    foundation = dict(_blocks(module, "variable")).get("foundation", "")
    has_functions = any('/lambda_function"' in path.read_text() for path in module.glob("*.tf"))
    handed_on = set(re.findall(r"^    (\w+) += ", foundation, re.MULTILINE))
    assert not has_functions or {"canary", "network"} <= handed_on


def test_deployed_environments_differ_in_account_and_name_only() -> None:
    def without_names(name: str) -> str:
        text = (ROOT / "environments" / name / "terraform.tf").read_text()
        return re.sub(r"\d{12}", "ACCOUNT", text.replace(f"-{name}-", "-NAME-").replace(f'"{name}"', '"NAME"'))

    assert len({without_names(name) for name in DEPLOYED}) == 1


def test_lock_files_agree() -> None:
    locks = {path.read_text() for path in (ROOT / "environments").glob("*/.terraform.lock.hcl")}
    locks.add((Path(__file__).parent / ".terraform.lock.hcl").read_text())
    assert len(locks) == 1
