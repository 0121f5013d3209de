"""Says what each generated page, and each generated part of a page written by hand, has to hold."""

from pathlib import Path

from scripts.asl.model import definitions
from scripts.docs.diagrams import diagram, page
from scripts.docs.tables import inputs_and_outputs

ROOT = Path(__file__).resolve().parent.parent.parent
TABLES = "inputs-outputs"


class DocsError(Exception):
    """A page does not say where its generated part goes; the message names the page and the markers."""


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return the whole text that each page with generated content must have.

    Raises DocsError when a page lacks the markers around its generated part.
    """
    machines = definitions(root / "statemachines")
    found = {root / "docs" / "statemachines" / f"{machine.name}.md": page(machine) for machine in machines}
    parts = {f"statemachine {machine.name}": diagram(machine) for machine in machines}
    readme = root / "README.md"  # shows the diagrams it has a place for; each has a page of its own
    text = readme.read_text()
    found[readme] = _filled(readme, {name: part for name, part in parts.items() if f"<!-- {name} -->" in text})
    for module in sorted(path.parent for path in (root / "modules").rglob("variables.tf")):
        readme = module / "README.md"
        found[readme] = _filled(readme, {TABLES: inputs_and_outputs(module) + "\n"})
    return found


def _filled(path: Path, parts: dict[str, str]) -> str:
    """Return the text of `path` with each part between its markers, `<!-- name -->` and `<!-- /name -->`."""
    text = path.read_text() if path.is_file() else ""
    for name, part in parts.items():
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        if not text.count(opening) == text.count(closing) == 1:
            raise DocsError(f"{path} needs one place for generated text: a line {opening} and a line {closing}.")
        before, _, rest = text.partition(opening)
        text = f"{before}{opening}\n\n{part}\n{closing}{rest.partition(closing)[2]}"
    return text
