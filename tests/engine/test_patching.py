"""How mends take the place of the engine's functions: loudly when those are not what the mends were written for."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from scripts.local_engine import Engine, patching, process
from scripts.local_engine.originals import FILE, changed, fingerprint


def test_the_engine_is_the_one_that_the_mends_were_written_for() -> None:
    report = "import json\nfrom scripts.local_engine.originals import installed\nprint(json.dumps(installed()))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=process.ROOT)
    different = changed(json.loads(FILE.read_text()), json.loads(done.stdout.splitlines()[-1]))
    assert not different, "look at their mends again, then run `.venv/bin/python -m scripts.local_engine.originals`"


def test_other_source_under_the_same_signature_is_noticed() -> None:
    def one(value: int) -> int:
        return value

    def two(value: int) -> int:
        return value + 1

    assert fingerprint(one) == fingerprint(one) != fingerprint(two)
    assert fingerprint(1.0) == fingerprint(1.0) != fingerprint(2.0)
    assert fingerprint(object()) == fingerprint(object()), "its address says nothing"
    assert changed({"a": "1", "b": "1", "gone": "1"}, {"a": "1", "b": "2", "new": "1"}) == ["b", "gone", "new"]


def test_the_engine_s_own_function_is_kept_however_often_it_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patching, "originals", {})

    def own() -> int:
        return 1

    owner = SimpleNamespace(own=own, table={"Own": own})
    for _ in range(2):
        patching.wrap(owner, "own")(lambda original: original() + 1)
    patching.wrap_entry(owner.table, "Own")(lambda original: original())
    assert owner.own() == 3
    assert list(patching.originals.values()) == [own, own]


def test_a_mend_whose_function_is_gone_says_so() -> None:
    with pytest.raises(patching.MendError, match=r"ministack .* has no .*process\.gone"):
        patching.wrap(process, "gone")(lambda original: original)


def test_a_mend_whose_function_changed_its_parameters_says_so() -> None:
    with pytest.raises(patching.MendError, match=r"Engine.__init__\(self, port, directory\)"):
        patching.wrap(Engine, "__init__")(lambda original, other: original(other))
