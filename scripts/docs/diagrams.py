"""Draws a state machine as a Mermaid flowchart, which GitHub renders (https://mermaid.js.org/syntax/flowchart.html)."""

from collections.abc import Iterator

from scripts.asl.model import Json, Machine, Transition, children, ends, transitions

LONGEST_LABEL = 60
SHAPES = {"Choice": ("{", "}"), "Succeed": ("([", "])"), "Fail": ("([", "])")}
COLOURS = {"Succeed": "fill:#d3f0d9,stroke:#1a7f37,color:#000", "Fail": "fill:#ffdcd7,stroke:#cf222e,color:#000"}


def page(machine: Machine) -> str:
    """Return the Markdown page of one definition."""
    about = machine.body.get("Comment", "")
    return f"# {machine.name}\n\n{about}\n\n{diagram(machine)}\nDotted arrows are taken after an error.\n"


def diagram(machine: Machine) -> str:
    """Return `machine` as a fenced Mermaid block."""
    styles = [f"  classDef {kind} {colours}" for kind, colours in COLOURS.items()]
    lines = ["```mermaid", "flowchart TB", *_graph(machine, "  "), *styles, "```"]
    return "\n".join(lines) + "\n"


def _graph(machine: Machine, indent: str) -> Iterator[str]:
    start = _identifier(machine, "start")
    yield f"{indent}{start}(( ))"
    for name, state in machine.states.items():
        yield from _state(machine, name, state, indent)
    yield f"{indent}{start} --> {_identifier(machine, machine.start)}"
    for name, state in machine.states.items():
        for way in transitions(state):
            yield f"{indent}{_identifier(machine, name)} {_arrow(way)} {_identifier(machine, way.target)}"
        if ends(state) and "End" in state:
            yield f"{indent}{_identifier(machine, name)} --> {_identifier(machine, 'end')}"
    if any(state.get("End") for state in machine.states.values()):
        yield f"{indent}{_identifier(machine, 'end')}((( )))"


def _state(machine: Machine, name: str, state: Json, indent: str) -> Iterator[str]:
    identifier, inner = _identifier(machine, name), children(state)
    if not inner:
        opening, closing = SHAPES.get(state["Type"], ("[", "]"))
        style = f":::{state['Type']}" if state["Type"] in COLOURS else ""
        yield f'{indent}{identifier}{opening}"{name}"{closing}{style}'
        return
    yield f'{indent}subgraph {identifier}["{name} ({_how(state)})"]'
    for number, body in enumerate(inner, 1):
        yield from _graph(Machine(f"{machine.name}/{name}{number}", body), indent + "  ")
    yield f"{indent}end"


def _how(state: Json) -> str:
    if state["Type"] == "Parallel":
        return "all branches at once"
    limit = state.get("MaxConcurrency")
    return f"every item, {limit} at a time" if isinstance(limit, int) else "every item"


def _arrow(way: Transition) -> str:
    label = "otherwise" if way.kind == "default" else _quoted(way.label.replace("States.ALL", "any error"))
    line = "-.->" if way.kind == "catch" else "-->"
    return f'{line}|"{label}"|' if label else line


def _quoted(text: str) -> str:
    text = " ".join(text.removeprefix("{%").removesuffix("%}").split())
    text = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _identifier(machine: Machine, name: str) -> str:
    """Return a name that Mermaid accepts and that no other graph of the definition uses."""
    nested = machine.name.partition("/")[2]
    return "".join(letter if letter.isalnum() else "_" for letter in f"s_{nested}_{name}")
