"""Tables that a run prints at its end, like a line coverage report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

WIDTH = 160


class Report:
    """Collects tables; the session prints them after the last test."""

    def __init__(self) -> None:
        self._tables: list[Table] = []

    @contextmanager
    def table(self, title: str, *columns: str) -> Iterator[Callable[..., None]]:
        """Begin a table and give the function that adds a row."""
        table = Table(*columns, title=title, title_justify="left", box=None)
        self._tables.append(table)
        yield table.add_row

    def print(self) -> None:
        """Print every table."""
        console = Console(width=WIDTH)
        for table in self._tables:
            console.print(table)
