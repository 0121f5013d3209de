"""The lab's course, its command and what it changes with, on a bench that is none."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from scripts.doctor.findings import Confidence, Evidence, Fault, Finding, Fix
from scripts.lab import LabError, __main__, kept, story
from scripts.lab.catalogue import VARIANTS
from scripts.lab.course import Cure, Step, Use, Variant, run
from scripts.lab.functions import changed

FOUND = Finding(
    Fault.TIME_OUT, "hangs", "shop-load", "it hangs", (Evidence("log", "START"),), Fix("Mend it."), Confidence.LIKELY
)
OTHER = Finding(Fault.TRIGGER, "target_broken", "start", "no target", (), Fix("Mend it."), Confidence.CERTAIN)


class Bench:
    """Broken from the variant's entry to the cure; the doctor says what it is told to."""

    deployment = SimpleNamespace(environment="local")

    def __init__(self, *sick: Finding, cured: tuple[Finding, ...] = (), helps: bool = True) -> None:
        self.broken = False
        self.sick, self.cured, self.helps = list(sick), list(cured), helps

    def findings(self, _: float) -> list[Finding]:
        return self.sick if self.broken else self.cured

    @contextmanager
    def breaking(self) -> Iterator[Cure]:
        self.broken = True

        def cure(finding: Finding) -> str:
            self.broken = not self.helps
            return finding.fix.text

        try:
            yield cure
        finally:
            self.broken = False


VARIANT = Variant(
    Fault.TIME_OUT,
    "hangs",
    "-load",
    "somebody broke it",
    Use("a call", lambda bench: "bad" if bench.broken else "good", "good"),
    "bad",
    lambda bench: bench.breaking(),  # type: ignore[attr-defined] # the bench above
)


def course(bench: Any) -> list[tuple[Step, str | Finding]]:
    return list(run(VARIANT, bench))


def test_a_course_goes_through_all_steps() -> None:
    told = dict(course(Bench(FOUND)))
    assert list(told) == list(Step)
    assert told[Step.DIAGNOSED] is FOUND
    assert told[Step.CURED] == "Mend it."


@pytest.mark.parametrize(
    ("bench", "sentence"),
    [
        (Bench(), r"should find TIME_OUT: hangs of …-load… and nothing else, and found \[\]"),
        (Bench(FOUND, OTHER), "nothing else, and found .*'TRIGGER: target_broken of start'"),
        (Bench(OTHER), "should find TIME_OUT: hangs"),
        (Bench(FOUND, helps=False), "a call should end with good, and ended with bad"),
        (Bench(FOUND, cured=(OTHER,)), "should find nothing any more, and found .*target_broken"),
    ],
)
def test_a_course_that_goes_otherwise_says_where_and_puts_all_back(bench: Bench, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        course(bench)
    assert not bench.broken


def test_a_symptom_that_does_not_show_is_told() -> None:
    bench = Bench(FOUND)
    bench.breaking = Bench(FOUND).breaking  # type: ignore[method-assign] # it breaks another one
    with pytest.raises(LabError, match="a call should end with bad, and ended with good"):
        course(bench)


def test_the_story_tells_every_step() -> None:
    console = Console(file=io.StringIO(), soft_wrap=True, width=100)
    story.tell([VARIANT], Bench(FOUND), console)  # type: ignore[arg-type] # the bench above
    told = console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above
    for words in ("Fault 1, Time-out: hangs", "somebody broke it", "a call: bad", "it hangs", "Mend it.", "put back"):
        assert words in told


def test_what_is_kept_is_put_back() -> None:
    state = {"limit": 1}
    with kept("the limit", lambda: dict(state), state.update) as before:
        state["limit"] = before["limit"] = 2
    assert state == {"limit": 1}


def test_what_is_not_put_back_is_told() -> None:
    state = {"limit": 1}
    with (
        pytest.raises(LabError, match=r"the limit was not put back: it was \{'limit': 1\}, and is \{'limit': 2\}"),
        kept("the limit", lambda: dict(state), lambda _: None),
    ):
        state["limit"] = 2


def test_a_package_is_changed_in_one_module_whose_compiled_form_goes() -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("shop/load.py", "A = 1\n")
        file.writestr("shop/loader.py", "B = 1\n")
        for name in ("load", "loader"):
            file.writestr(f"shop/__pycache__/{name}.cpython-313.pyc", "")
    with zipfile.ZipFile(io.BytesIO(changed(package.getvalue(), "shop/load.py", "A = 2\n"))) as file:
        assert file.read("shop/load.py") == b"A = 1\nA = 2\n"
        assert file.read("shop/loader.py") == b"B = 1\n"
        assert [name for name in file.namelist() if "pycache" in name] == ["shop/__pycache__/loader.cpython-313.pyc"]


def test_there_are_three_variants_of_each_fault_and_no_two_alike() -> None:
    assert all(sum(variant.fault is fault for variant in VARIANTS) >= 3 for fault in Fault)
    assert len({str(variant) for variant in VARIANTS}) == len(VARIANTS)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Call the command; return the variants that it takes."""
    taken: list[str] = []

    def perform(tell: Callable[[Any, Any], None]) -> int:
        tell(None, None)
        return 0

    monkeypatch.setattr(__main__, "perform", perform)
    monkeypatch.setattr(story, "tell", lambda variants, *_: taken.extend(map(str, variants)))

    def call(*arguments: str) -> list[str]:
        assert __main__.main(list(arguments)) == 0
        return taken

    return call


@pytest.mark.parametrize(
    ("arguments", "count"), [((), len(VARIANTS)), (("3",), 3), (("3", "endless_cycle"), 1)], ids=str
)
def test_the_command_takes_what_is_asked_for(
    chosen: Callable[..., list[str]], arguments: tuple[str, ...], count: int
) -> None:
    assert len(chosen(*arguments)) == count


@pytest.mark.parametrize("arguments", [["6"], ["3", "hangs"]], ids=str)
def test_what_there_is_not_is_refused_with_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        __main__.main(arguments)
    assert ("endless_cycle" if arguments[0] == "3" else "invalid choice") in capsys.readouterr().err
