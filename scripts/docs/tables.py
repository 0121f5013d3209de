"""Writes a Terraform module's inputs and outputs as Markdown tables."""

import re
from pathlib import Path

import hcl2

# Tables show no conditions, and python-hcl2 8.1.4 cannot read `%%{` in one's text; `terraform fmt` fixes the indents.
VALIDATION = re.compile(r"^  validation \{$.*?^  \}$", re.MULTILINE | re.DOTALL)

type Block = dict[str, object]


def inputs_and_outputs(module: Path) -> str:
    """Return the tables of `module`: its inputs, required ones first, and its outputs."""
    inputs = sorted(_blocks(module, "variable").items(), key=lambda item: ("default" in item[1], item[0]))
    rows = [f"| `{name}` | {_code(block['type'])} | {_default(block)} | {_text(block)} |" for name, block in inputs]
    outputs = [f"| `{name}` | {_text(block)} |" for name, block in sorted(_blocks(module, "output").items())]
    return "\n".join(
        [
            *_table("Input", "Type", "Default", "Meaning", rows=rows),
            "",
            *_table("Output", "Meaning", rows=outputs),
        ]
    )


def _table(*heads: str, rows: list[str]) -> list[str]:
    return [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|", *rows]


def _blocks(module: Path, kind: str) -> dict[str, Block]:
    """Return the blocks of `kind` in all files of `module`, by name."""
    found: dict[str, Block] = {}
    for path in sorted(module.glob("*.tf")):
        for entry in hcl2.loads(VALIDATION.sub("", path.read_text())).get(kind, []):
            found |= {name.strip('"'): block for name, block in entry.items()}
    return found


def _default(block: Block) -> str:
    return _code(block["default"]) if "default" in block else "required"


def _text(block: Block) -> str:
    """Return a description on one line, as a table's cell needs it."""
    text = str(block["description"]).strip('"')
    if text.startswith("<<"):
        text = "\n".join(text.splitlines()[1:-1])
    return " ".join(text.replace('\\"', '"').split()).replace("|", "\\|")


def _code(value: object) -> str:
    return f"`{_expression(value)}`".replace("|", "\\|")


def _expression(value: object) -> str:
    """Return `value`, as the parser gives it, in Terraform's own writing."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {_expression(item)}" for key, item in value.items() if not key.startswith("__"))
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    return text[2:-1] if text.startswith("${") else text
