"""Arrows point inwards: handlers know the domain and the adapters, adapters know AWS, the domain knows nobody."""

import ast
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "lambda_src"
FILES = sorted(SOURCE.rglob("*.py"))
# The second is the first and an answer in JSON (`shared/http.py`); the third answers with pages for people instead.
WRAPPERS = [["lambda_handler"], ["api_handler"], ["page_handler"]]
AWS = {"aws_lambda_powertools", "boto3", "botocore"}
# Of `shared`, what is pure as well.
SHARED = {"shared.redaction", "shared.queues.errors", "shared.queues.message", "shared.webhooks"}
# The operations' core is itself a domain: pure, but for its adapters.
CORE = SOURCE / "shared" / "operations"
PURE = {f"shared.operations.{file.stem}" for file in CORE.glob("*.py")}
# These parts of what is shared are themselves domains: pure, but for their adapters, and the one that makes handlers.
CORE = sorted(
    file
    for part in ("operations", "rotation")
    for file in (SOURCE / "shared" / part).glob("*.py")
    if file.stem != "handler"
)
CORE.append(SOURCE / "shared" / "typed.py")
PURE = {".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in CORE}


def imported(file: Path) -> set[str]:
    """Return the dotted names of the modules that a file imports."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


@pytest.mark.parametrize("file", [file for file in FILES if "domain" in file.parts], ids=str)
def test_a_domain_imports_only_itself_and_the_standard_library(file: Path) -> None:
    inside = f"{file.relative_to(SOURCE).parts[0]}.domain"
    foreign = {name for name in imported(file) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not name.startswith(inside)} <= PURE | SHARED


@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_domains_share_imports_the_standard_library_alone(name: str) -> None:
    names = imported(SOURCE / f"{name.replace('.', '/')}.py")
    assert {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names} <= SHARED


@pytest.mark.parametrize("file", CORE, ids=str)
def test_a_shared_core_imports_only_itself_and_the_standard_library(file: Path) -> None:
    foreign = {name for name in imported(file) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign <= PURE


@pytest.mark.parametrize("file", [file for file in FILES if "handlers" in file.parts], ids=str)
def test_a_handler_reaches_aws_through_adapters_only(file: Path) -> None:
    assert {name.partition(".")[0] for name in imported(file)} & (AWS - {"aws_lambda_powertools"}) == set()


@pytest.mark.parametrize("file", [file for file in FILES if "handlers" in file.parts[:-1]], ids=str)
def test_every_handler_logs_its_errors_and_names_passing_faults(file: Path) -> None:
    functions = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    wrapped = {function.name: [ast.unparse(each) for each in function.decorator_list] for function in functions}
    assert wrapped.get("handler", ["lambda_handler"]) in WRAPPERS


def test_workflows_do_not_import_each_other() -> None:
    workflows = {path.name for path in SOURCE.iterdir() if path.is_dir()} - {"shared"}
    for file in FILES:
        others = workflows - {file.relative_to(SOURCE).parts[0]}
        assert not {name.partition(".")[0] for name in imported(file)} & others, file
