"""What the engine's functions were like when mends took their places: a short hash of each one's source.

`python -m scripts.local_engine.originals` writes originals.json; a test compares it with the installed engine.
"""

import hashlib
import inspect
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from scripts.local_engine import launcher, patching

FILE = Path(__file__).with_suffix(".json")


def fingerprint(original: Any) -> str:
    """Return a short hash of a function's source, or of a constant's value."""
    constant = re.sub(r" at 0x\w+", "", repr(original))  # an address differs in each process
    text = inspect.getsource(original) if inspect.isroutine(original) else constant
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def changed(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return the names whose hashes differ, or that only one of both has."""
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))


def installed() -> dict[str, str]:
    """Apply every mend to the installed engine, for good, and return what each changed: name, hash of the original."""
    with tempfile.TemporaryDirectory() as directory:
        tempfile.tempdir = directory
        os.environ |= dict.fromkeys(("ENGINE_DIRECTORY", "STATE_DIR", "TMPDIR"), directory)
        launcher.apply_mends()
    return {name: fingerprint(patching.originals[name]) for name in sorted(patching.originals)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(installed(), indent=2) + "\n")
