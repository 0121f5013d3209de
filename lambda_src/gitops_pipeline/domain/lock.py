"""The lock of a branch: who runs, who waits, and what becomes of a push.

Each write makes the lock's version one higher. All that a decision rests on is read after the lock, and the lock is
written only in the version that was read. So a push that was the branch's newest when it was looked at cannot take the
place of a newer one that came meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any


class Status(StrEnum):
    """What became of a commit of a branch."""

    RUNNING = "RUNNING"
    QUEUED = "QUEUED"
    SUPERSEDED = "SUPERSEDED"
    SUCCEEDED = "SUCCEEDED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    ROLLED_BACK = "ROLLED_BACK"
    NOT_APPROVED = "NOT_APPROVED"


# A commit that has not been run yet: a superseded one may become the newest again when somebody resets the branch.
NOT_RUN = {None, Status.QUEUED, Status.SUPERSEDED}


class Answer(StrEnum):
    """What a push leads to."""

    RUN = "RUN"
    QUEUED = "QUEUED"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    IGNORED = "IGNORED"


@dataclass(frozen=True)
class Waiting:
    """The push that runs next: CodeCommit's `detail`, and the lock's version with which it began to wait."""

    commit: str
    detail: Mapping[str, Any]
    since: int

    def execution_name(self, key: str) -> str:
        """Return the name of the execution to start: the same one however often it is started for this wait."""
        return f"{self.commit[:12]}-{sha256(f'{key}@{self.since}'.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Lock:
    """A branch's lock; nobody holds it if `execution` is "". `lease_until` is in seconds since 1970."""

    version: int = 0
    execution: str = ""
    commit: str = ""
    previous: str = ""
    lease_until: int = 0
    waiting: Waiting | None = None


@dataclass(frozen=True)
class Claim:
    """A push that wants the lock, and what is known at that moment; `tip` is "" if the branch is gone.

    `status` is what the ledger says of the commit, `holder_runs` what Step Functions says of the lock's holder.
    """

    commit: str
    previous: str
    detail: Mapping[str, Any]
    execution: str
    status: Status | None
    tip: str
    holder_runs: bool
    now: int
    lease_seconds: int


@dataclass(frozen=True)
class Decision:
    """What a push leads to and why; `lock` is to be written, with what it makes of commits, unless it is None."""

    answer: Answer
    reason: str
    lock: Lock | None = None
    statuses: Mapping[str, Status] = field(default_factory=dict)


@dataclass(frozen=True)
class Release:
    """What giving the lock back leads to: `lock` is to be written unless it is None, `waiting` to be started."""

    lock: Lock | None
    waiting: Waiting | None


def decide(lock: Lock, claim: Claim) -> Decision:
    """Return what a push leads to."""
    if lock.execution == claim.execution:
        return Decision(Answer.RUN, "this execution holds the lock already")
    if claim.status not in NOT_RUN:
        return Decision(Answer.DUPLICATE, f"the commit is known: {claim.status}")
    if claim.tip != claim.commit:
        return _outdated(lock, claim)
    held = lock.execution and claim.holder_runs and claim.now < lock.lease_until
    return _wait(lock, claim) if held else _take(lock, claim)


def release(lock: Lock, execution: str) -> Release:
    """Return what follows when a run ends; who waits keeps its place until its own execution takes the lock.

    So a release that was cut off before it could start the next run is repeated with the same effect.
    """
    if lock.execution == execution:
        return Release(Lock(version=lock.version + 1, waiting=lock.waiting), lock.waiting)
    return Release(None, None if lock.execution else lock.waiting)


def _outdated(lock: Lock, claim: Claim) -> Decision:
    reason = f"the branch is at {claim.tip[:12]} by now" if claim.tip else "the branch is gone"
    waits = lock.waiting is not None and lock.waiting.commit == claim.commit
    if claim.status is Status.SUPERSEDED and not waits:
        return Decision(Answer.SUPERSEDED, reason)
    left = replace(lock, version=lock.version + 1, waiting=None if waits else lock.waiting)
    return Decision(Answer.SUPERSEDED, reason, left, {claim.commit: Status.SUPERSEDED})


def _take(lock: Lock, claim: Claim) -> Decision:
    taken = Lock(
        version=lock.version + 1,
        execution=claim.execution,
        commit=claim.commit,
        previous=claim.previous,
        lease_until=claim.now + claim.lease_seconds,
    )
    return Decision(
        Answer.RUN, _why_free(lock, claim), taken, _superseded(lock, claim) | {claim.commit: Status.RUNNING}
    )


def _wait(lock: Lock, claim: Claim) -> Decision:
    reason = f"{lock.execution} is at work on {lock.commit[:12]}"
    if lock.waiting and lock.waiting.commit == claim.commit:
        return Decision(Answer.QUEUED, reason)
    version = lock.version + 1
    left = replace(lock, version=version, waiting=Waiting(claim.commit, claim.detail, version))
    return Decision(Answer.QUEUED, reason, left, _superseded(lock, claim) | {claim.commit: Status.QUEUED})


def _superseded(lock: Lock, claim: Claim) -> dict[str, Status]:
    """Return what becomes of who waits: only the newest push does."""
    if lock.waiting is None or lock.waiting.commit == claim.commit:
        return {}
    return {lock.waiting.commit: Status.SUPERSEDED}


def _why_free(lock: Lock, claim: Claim) -> str:
    if not lock.execution:
        return "nobody held the lock"
    why = "its lease is over" if claim.holder_runs else "it no longer runs"
    return f"taken over from {lock.execution}: {why}"
