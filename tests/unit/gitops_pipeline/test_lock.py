"""Properties of the lock, whatever happens between any two of its reads and writes.

Pushes, resets, deliveries in any order and more than once, functions and executions that die, leases that run out: one
holder at a time, no commit twice, and the newest push at last.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_pipeline.adapters.ledger import Entry
from gitops_pipeline.domain.authorship import Authorship
from gitops_pipeline.domain.errors import LockLost
from gitops_pipeline.domain.lock import Lock, Status
from gitops_pipeline.domain.run import Run
from gitops_pipeline.handlers import read_push, release_lock, tell_outcome
from shared.operations.adapters import clock
from tests.support.functions import Context
from tests.unit.gitops_pipeline.workflow import ENVIRONMENT, RULES, START, commit, detail, execution

_DEPTH = 2
_ENDS = ["SUCCEEDED", "FAILED", "REJECTED", "ROLLED_BACK", "NOT_APPROVED"]


class Killed(BaseException):
    """The function was ended; the machine tries it again."""


@dataclass
class World:
    """A repository with one branch, its events on their way, and the executions that they start.

    `chaos` lets something happen whenever a function looks at the world or changes it.
    """

    chance: Random
    now: Any = START
    tip: str = ""
    commits: int = 0
    lock: Lock = field(default_factory=Lock)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    starts: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    executions: int = 0
    running: set[str] = field(default_factory=set)
    stopped: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    granted: list[str] = field(default_factory=list)
    tip_had_run: bool = False
    depth: int = 0
    spared: int = 0
    quiet: bool = False

    def happens(self, share: float) -> bool:
        return not self.quiet and self.chance.random() < share

    def chaos(self) -> None:
        if self.depth < _DEPTH and self.happens(0.25):
            self.depth += 1
            try:
                self.act()
            finally:
                self.depth -= 1
        if not self.spared and self.happens(0.08):
            raise Killed

    def act(self) -> None:
        acts: list[Callable[[], None]] = [
            self.push, self.push, self.reset, self.deliver, self.deliver, self.deliver_again, self.start,
            self.finish, self.finish, self.keep, self.die, self.tell_of_a_stop, self.pass_time,
        ]  # fmt: skip
        self.chance.choice(acts)()

    def push(self) -> None:
        self.commits += 1
        self._move(commit(self.commits))

    def reset(self) -> None:
        """Force the branch back to a commit it was at before."""
        if self.commits:
            self._move(commit(self.chance.randint(1, self.commits)))

    def _move(self, to: str) -> None:
        if to != self.tip:
            self.events.append(detail(to, self.tip))
            self.tip, self.tip_had_run = to, to in self.granted

    def deliver(self) -> None:
        if self.events:
            event = self.events.pop(self.chance.randrange(len(self.events)))
            self.seen.append(event)
            self._execute(event)

    def deliver_again(self) -> None:
        if self.seen:
            self._execute(self.chance.choice(self.seen))

    def start(self) -> None:
        if self.starts:
            name = self.chance.choice(sorted(self.starts))
            self._execute(self.starts.pop(name), name)

    def _execute(self, event: dict[str, Any], name: str = "") -> None:
        self.executions += 1
        mine = execution(name or f"run-{self.executions}", event)
        self.running.add(mine["Id"])
        answer = self._insist(lambda: read_push.handler({"execution": mine, "push": event}, Context()))
        if mine["Id"] not in self.running:
            return  # it was stopped meanwhile: whatever it had, it does nothing with it
        if answer["decision"] != "RUN":
            self.running.discard(mine["Id"])
            return
        run = Run.from_document(answer["run"])
        self.runs[mine["Id"]] = run
        self._check_alone()

    def _insist(self, function: Callable[[], Any]) -> Any:
        """Call a function as a Task with retries does; the last attempt lives, or the run would fail, and be told."""
        for _ in range(4):
            try:
                return function()
            except Killed:
                continue
        self.spared += 1
        try:
            return function()
        finally:
            self.spared -= 1

    def _check_alone(self) -> None:
        """Only one execution may go on: `keep` is asked in the same moment, without anything between."""
        quiet, self.quiet = self.quiet, True
        version, lease = self.lock.version, self.lock.lease_until
        able = []
        for run in self.runs.values():
            try:
                MemoryLedger(self).keep(run)
                able.append(run.run_id)
            except LockLost:
                pass
        self.lock = Lock(version, self.lock.execution, self.lock.commit, self.lock.previous, lease, self.lock.waiting)
        self.quiet = quiet
        assert len(able) <= 1, "two runs hold the lock"

    def _some_running(self) -> str | None:
        going = sorted(arn for arn in self.runs if arn in self.running)
        return self.chance.choice(going) if going else None

    def finish(self) -> None:
        if arn := self._some_running():
            run = self.runs[arn]
            mine = execution(run.execution.rpartition(":")[2], detail(run.commit, run.previous))
            self._end(run, mine, self.chance.choice(_ENDS))
            self.running.discard(arn)

    def _end(self, run: Run | None, mine: dict[str, Any], outcome: str) -> None:
        known = {"run": run.to_document() if run else None, "execution": mine}
        if run:
            told = {**known, "outcome": outcome, "facts": {}, "failure": None}
            self._insist(lambda: tell_outcome.handler(told, Context()))
        self._insist(lambda: release_lock.handler(known, Context()))

    def keep(self) -> None:
        """Let a run that is at work prolong its lease, and end it if it has lost the lock."""
        if arn := self._some_running():
            try:
                self._insist(lambda: MemoryLedger(self).keep(self.runs[arn]))
            except LockLost:
                self.running.discard(arn)
                self.stopped.append(execution(arn.rpartition(":")[2], detail(self.runs[arn].commit)))

    def die(self) -> None:
        if arn := self._some_running():
            self.running.discard(arn)
            self.stopped.append(execution(arn.rpartition(":")[2], detail(self.runs[arn].commit)))

    def tell_of_a_stop(self) -> None:
        """Let Step Functions' event about a dead execution arrive; it may come again."""
        if self.stopped:
            mine = self.chance.choice(self.stopped)
            self.running.discard(mine["Id"])
            self._end(self.runs.get(mine["Id"]), mine, "FAILED")
            if mine in self.stopped and (self.quiet or self.happens(0.7)):
                self.stopped.remove(mine)

    def pass_time(self) -> None:
        self.now += timedelta(seconds=self.chance.choice([1, 60, 1800, 7200]))

    def asked[T](self, answer: Callable[[], T]) -> T:
        self.chaos()
        return answer()

    def asked_to_start(self, _machine: str, name: str, event: Mapping[str, Any]) -> None:
        self.chaos()
        if name not in self.started:
            self.started.add(name)
            self.starts[name] = dict(event)
        self.chaos()

    def settle(self) -> None:
        """Let everything that is on its way arrive, and all runs come to their end."""
        self.quiet = True
        while self.events or self.starts or self.stopped or self._some_running():
            for step in (self.deliver, self.start, self.tell_of_a_stop, self.finish):
                step()


@dataclass
class MemoryLedger:
    """The ledger's promises without a table: what the adapter's own tests hold moto's DynamoDB to."""

    world: World
    key: str = "platform#main"

    def lock(self) -> Lock:
        self.world.chaos()
        return self.world.lock

    def entry(self, commit_id: str) -> Entry | None:
        self.world.chaos()
        found = self.world.entries.get(commit_id)
        if found is None:
            return None
        run = Run.from_document(json.loads(found["run"])) if "run" in found else None
        return Entry(Status(found["status"]), found.get("execution", ""), run)

    def write(self, lock: Lock, changes: Mapping[str, Mapping[str, str]]) -> bool:
        self.world.chaos()
        if lock.version != self.world.lock.version + 1:
            return False
        if lock.execution not in {"", self.world.lock.execution}:
            self.world.granted.append(lock.commit)
        self.world.lock = lock
        for commit_id, values in changes.items():
            self.world.entries[commit_id] = self.world.entries.get(commit_id, {}) | values
        self.world.chaos()
        return True

    def keep(self, run: Run) -> None:
        self.world.chaos()
        held = self.world.lock
        if held.execution != run.execution:
            raise LockLost
        until = int(self.world.now.timestamp()) + run.lease_seconds
        self.world.lock = Lock(held.version + 1, held.execution, held.commit, held.previous, until, held.waiting)

    def finish(self, commit_id: str, execution_arn: str, status: Status) -> bool:
        self.world.chaos()
        found = self.world.entries.get(commit_id, {})
        if found.get("execution") != execution_arn:
            return False
        found["status"] = status
        return True

    def settle(self, _run_id: str) -> None:
        self.world.chaos()


@contextmanager
def played(world: World) -> Iterator[World]:
    """Let the handlers live in a world: something else may happen whenever they ask or change anything."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        for module in (read_push, release_lock, tell_outcome):
            module.settings.cache_clear()
            patch.setattr(module, "Ledger", lambda _table, _key: MemoryLedger(world))
        for level in ("info", "exception", "warning"):
            patch.setattr(read_push.logger, level, lambda *_args, **_more: None)
        patch.setattr(read_push.time, "sleep", lambda _seconds: None)
        patch.setattr(read_push, "read_rules", lambda _parameter: RULES)
        patch.setattr(read_push.repository, "tip", lambda *_: world.asked(lambda: world.tip))
        patch.setattr(read_push.repository, "authorship", lambda *_: world.asked(lambda: Authorship("Ada", "")))
        patch.setattr(read_push, "is_running", lambda arn: world.asked(lambda: arn in world.running))
        patch.setattr(release_lock, "start", world.asked_to_start)
        patch.setattr(tell_outcome.objects, "write_json", lambda *_: None)
        patch.setattr(clock, "now", lambda: world.now)
        yield world


def play(world: World, moves: int) -> World:
    for _ in range(moves):
        try:
            world.act()
        except Killed:
            continue
    world.settle()
    return world


@settings(max_examples=300)
@given(seed=st.integers(min_value=0, max_value=2**32), moves=st.integers(min_value=1, max_value=80))
def test_one_holder_no_commit_twice_and_the_newest_push_at_last(seed: int, moves: int) -> None:
    with played(World(Random(seed))) as world:  # noqa: S311  # no secret
        play(world, moves)
    assert (world.lock.execution, world.lock.waiting) == ("", None)
    assert len(world.granted) == len(set(world.granted)), "the same commit ran twice"
    assert not {entry["status"] for entry in world.entries.values()} & {"QUEUED"}
    if world.tip:
        assert world.tip in world.granted
        assert world.tip == world.granted[-1] or world.tip_had_run
