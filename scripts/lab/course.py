"""The course of a variant: healthy, broken, diagnosed, cured, put back; and what has to be seen at each step."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from scripts.doctor.findings import Fault, Finding
from scripts.lab import LabError
from scripts.lab.bench import GIVES_UP, Bench, named

# Applies the doctor's cure; returns what was done, as a sentence.
type Cure = Callable[[Finding], str]


@dataclass(frozen=True)
class Use:
    """What users do with a workflow: `do` returns how it ended, which is `well` on a healthy environment."""

    what: str
    do: Callable[[Bench], str]
    well: str


ASK = Use("GET /requests/{request_id}, twice", Bench.ask, "404 404")
LOAD = Use("a good file is uploaded", Bench.load, "SUCCEEDED")
LOAD_BROKEN = Use("a file without the contract's columns is uploaded", Bench.load_broken, GIVES_UP)
LOAD_WHEN_BUSY = Use("a good file is uploaded while Lambda has no room", Bench.load_when_busy, GIVES_UP)


@dataclass(frozen=True)
class Variant:
    """One way to break the environment.

    `cause` and `subject` (a part of it) are what the doctor has to say, and nothing else; `mistake` tells what somebody
    did, `symptom` is how `use` ends then. `broken` breaks on entry, puts everything back at the end, and yields the
    cure.
    """

    fault: Fault
    cause: str
    subject: str
    mistake: str
    use: Use
    symptom: str
    broken: Callable[[Bench], AbstractContextManager[Cure]]

    def __str__(self) -> str:
        return f"{int(self.fault)}-{self.cause}"


class Step(StrEnum):
    """The steps of a course, in their order."""

    BROKEN = "broken"
    SEEN = "seen"
    DIAGNOSED = "diagnosed"
    CURED = "cured"
    HEALTHY = "healthy"
    PUT_BACK = "put back"


type Told = tuple[Step, str | Finding]


def run(variant: Variant, bench: Bench) -> Iterator[Told]:
    """Take an environment through a variant; yield each step once it has gone as it should.

    Raises LabError when one does not. Whatever happens, what was changed is put back.
    """
    began = time.time()
    with variant.broken(bench) as cure:
        yield Step.BROKEN, variant.mistake
        _expect(variant, bench, variant.symptom)
        yield Step.SEEN, f"{variant.use.what}: {variant.symptom}"
        finding = _only(variant, bench.findings(began))
        yield Step.DIAGNOSED, finding
        done = cure(finding)
        since = time.time()
        yield Step.CURED, done
        _expect(variant, bench, variant.use.well)
        _nothing(variant, bench.findings(since))
        yield Step.HEALTHY, f"{variant.use.what}: {variant.use.well}; the doctor finds nothing"
    since = time.time()
    _expect(variant, bench, variant.use.well)
    _nothing(variant, bench.findings(since))
    yield Step.PUT_BACK, "everything is as it was before"


def _expect(variant: Variant, bench: Bench, wanted: str) -> None:
    seen = variant.use.do(bench)
    if seen != wanted:
        raise LabError(f"{variant}: {variant.use.what} should end with {wanted}, and ended with {seen}")


def _only(variant: Variant, findings: list[Finding]) -> Finding:
    """Return the one finding, which has to be the variant's."""
    match findings:
        case [finding] if (finding.fault, finding.cause) == (variant.fault, variant.cause):
            if variant.subject in finding.subject:
                return finding
    wanted = f"{variant.fault.name}: {variant.cause} of …{variant.subject}…"
    raise LabError(f"{variant}: the doctor should find {wanted} and nothing else, and found {named(findings)}")


def _nothing(variant: Variant, findings: list[Finding]) -> None:
    if findings:
        raise LabError(f"{variant}: the doctor should find nothing any more, and found {named(findings)}")
