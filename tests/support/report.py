"""Proofs that a run ends with, like a line coverage report: printed by subject, written to files row by row."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

WIDTH = 200
DIRECTORY = Path("build/reports")
EXEMPT = "exempt"


class Report:
    """Collects tables, as texts that one process can hand to another; the session prints them after the last test."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @contextmanager
    def table(self, title: str, *columns: str) -> Iterator[Callable[..., None]]:
        """Begin a table and give the function that adds a row.

        A row's first cell is its subject, its last one how often it was seen: a number, or EXEMPT.
        """
        rows: list[tuple[str, ...]] = []
        yield lambda *cells: rows.append(cells)
        path = DIRECTORY / f"{title.lower().replace(' ', '_')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn(title, columns, rows))
        summary = (columns[0], "all", columns[-1], EXEMPT, "never")
        self.texts.append(drawn(f"{title} (each: {path})", summary, summed(rows)))

    def print(self) -> None:
        """Print every table."""
        for text in self.texts:
            print(text)


def summed(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return for each subject how many rows it has, and how many of them were seen, are exempt, and neither."""
    subjects = Counter(row[0] for row in rows)
    exempt = Counter(row[0] for row in rows if row[-1] == EXEMPT)
    never = Counter(row[0] for row in rows if row[-1] == "0")
    return [
        (name, *map(str, (count, count - exempt[name] - never[name], exempt[name], never[name])))
        for name, count in subjects.items()
    ]


def drawn(title: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table as text."""
    table = Table(*columns, title=title, title_justify="left", box=None)
    for row in rows:
        table.add_row(*row)
    console = Console(width=WIDTH, file=StringIO())
    console.print(table)
    return console.file.getvalue()
