"""The generators of the diagrams and of the modules' tables."""

import json
from pathlib import Path

import pytest

from scripts.asl.model import Machine
from scripts.docs.diagrams import diagram
from scripts.docs.pages import ROOT, DocsError, pages
from scripts.docs.tables import inputs_and_outputs

SOUND = Machine("order", json.loads((ROOT / "tests" / "statemachines" / "sound.json").read_text()))
VARIABLES = """
variable "size" {
  description = "Either \\"s\\" | \\"l\\"."
  type        = string
  default     = "s"

  validation {
    condition     = var.size != "%%{"
    error_message = "No."
  }
}
variable "tags" {
  type = map(object({ value = optional(string, "x"), on = bool }))
  description = <<-TEXT
    Two
    lines.
  TEXT
}
variable "nested" {
  description = "Any default."
  type        = any
  default     = { list = [1, "two"], nothing = null, from = max(1, 2) }
}
"""
OUTPUTS = 'output "arn" {\n  description = "Where it is."\n  value = 1\n}\n'


def test_the_diagram_has_every_state_and_every_way() -> None:
    drawn = diagram(SOUND)
    for name in ("ReadOrder", "IsLarge?", "ShipItem", "OrderFailed"):
        assert f'"{name}"' in drawn
    assert 's__IsLarge_ -->|"$order.total #gt; 100"| s__AskForApproval' in drawn
    assert 's__IsLarge_ -->|"otherwise"| s__ShipItems' in drawn
    assert 's__ShipItems -.->|"any error"| s__OrderFailed' in drawn
    assert 'subgraph s__ShipItems["ShipItems (every item, 5 at a time)"]' in drawn


def test_long_conditions_are_cut() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% " + "a and " * 30 + "b %}", "Next": "Done"}]}
    drawn = diagram(Machine("x", {"StartAt": "A", "States": {"A": choice, "Done": {"Type": "Succeed"}}}))
    assert "…" in drawn
    assert max(map(len, drawn.splitlines())) < 100


def test_a_module_s_tables(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(VARIABLES)
    (tmp_path / "outputs.tf").write_text(OUTPUTS)
    assert inputs_and_outputs(tmp_path).splitlines() == [
        "| Input | Type | Default | Meaning |",
        "| --- | --- | --- | --- |",
        '| `tags` | `map(object({value = optional(string, "x"), on = bool}))` | required | Two lines. |',
        '| `nested` | `any` | `{ list = [1, "two"], nothing = null, from = max(1, 2) }` | Any default. |',
        '| `size` | `string` | `"s"` | Either "s" \\| "l". |',
        "",
        "| Output | Meaning |",
        "| --- | --- |",
        "| `arn` | Where it is. |",
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "statemachines").mkdir()
    (tmp_path / "statemachines" / "order.asl.json").write_text(json.dumps(SOUND.body))
    module = tmp_path / "modules" / "thing"
    module.mkdir(parents=True)
    (module / "variables.tf").write_text(VARIABLES)
    (module / "README.md").write_text("# thing\n<!-- inputs-outputs -->\nold\n<!-- /inputs-outputs -->\nend\n")
    (tmp_path / "README.md").write_text("Hi\n<!-- statemachine order -->\n<!-- /statemachine order -->\n")
    return tmp_path


def test_pages_keep_what_was_written_by_hand(repository: Path) -> None:
    found = {path.relative_to(repository).as_posix(): text for path, text in pages(repository).items()}
    assert set(found) == {"README.md", "docs/statemachines/order.md", "modules/thing/README.md"}
    assert found["README.md"].startswith("Hi\n<!-- statemachine order -->\n\n```mermaid\n")
    assert "old" not in found["modules/thing/README.md"]
    assert found["modules/thing/README.md"].endswith("<!-- /inputs-outputs -->\nend\n")


def test_a_page_without_its_markers_is_named(repository: Path) -> None:
    (repository / "modules" / "thing" / "README.md").write_text("# thing\n")
    with pytest.raises(DocsError, match=r"modules/thing/README\.md needs one place .* <!-- inputs-outputs -->"):
        pages(repository)
