"""What is to become of an instance or a group now: warned, stopped, started, unmarked, or left alone; with the reason.

It is told by their state alone, never by the time of day at which a run should have been: a missed run is caught up by
the next one, and the same judgement is made again right before anything is touched.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from idle_resources.domain.idleness import Usage
from idle_resources.domain.machines import Group, Instance
from idle_resources.domain.marks import (
    OFF_SIZE,
    ORDER,
    OWN_SIZE,
    OWN_TYPE,
    SCHEDULE,
    STALE,
    STOP_AFTER,
    STOPPED_AT,
    STOPPED_BY,
    moment_in,
    number_in,
    override,
)
from idle_resources.domain.rules import Rules
from shared.operations.moments import iso
from shared.operations.money import HOURS_PER_MONTH
from shared.operations.opt_out import OptOut, opt_out
from shared.operations.plan import Item

WARN, UNMARK, STOP, START = "WARN", "UNMARK", "STOP", "START"
LAST = 1_000_000  # the place of what has none in the order of starts


@dataclass(frozen=True)
class Verdict:
    """Whether a machine is to be stopped, and why or why not."""

    due: bool
    reason: str


@dataclass(frozen=True)
class Judge:
    """Judges by one run's rules; `workflow` is what it signs stops with, `usage_of` what CloudWatch measured."""

    rules: Rules
    workflow: str
    now: datetime
    usage_of: Callable[[str], Usage | None]

    def instance(self, instance: Instance) -> Item | str:
        """Return what is to be done to an instance, or why nothing is."""
        if instance.state == "stopped":
            return self._stopped(instance)
        if instance.state != "running":
            return f"its state is {instance.state}"
        warned = moment_in(instance.tags, STOP_AFTER)
        if warned and warned - self.rules.veto < instance.launched_at:  # it has been started anew since the warning
            warned = None
        untouchable = Verdict(False, instance.untouchable) if instance.untouchable else None
        return self._consequence(instance, warned, untouchable or self._due(instance, warned), [instance.kind])

    def group(self, group: Group) -> Item | str:
        """Return what is to be done to an Auto Scaling group, or why nothing is; only its calendar counts."""
        if OWN_SIZE in group.tags and STOP_AFTER not in group.tags:
            return self._scaled_down(group)
        off = min(number_in(group.tags, OFF_SIZE, 0), group.max_size)
        warned = moment_in(group.tags, STOP_AFTER)
        verdict = self._due(group, warned)
        if OWN_SIZE in group.tags and not verdict.due:  # an attempt to scale it down was cut off
            return self._start(group, verdict.reason, {"size": group.tags[OWN_SIZE]})
        if OWN_SIZE not in group.tags and max(group.min_size, group.desired) <= off:
            verdict = Verdict(False, f"has its off-hours size of {off} already")
        decided = self._consequence(group, warned, verdict, group.kinds[off:])
        size = {"size": group.tags.get(OWN_SIZE, group.size), "off": off}
        return decided if isinstance(decided, str) else replace(decided, facts={**decided.facts, **size})

    def _stopped(self, instance: Instance) -> Item | str:
        """Judge a stopped instance: only what this workflow has stopped, and nobody has run since, is started."""
        stopped_at = moment_in(instance.tags, STOPPED_AT)
        if instance.tags.get(STOPPED_BY) != self.workflow or not stopped_at:
            return "stopped, but not by this workflow"
        if instance.launched_at > stopped_at and not instance.start_failed:
            return "somebody has started and stopped it since this workflow did"
        kept = self._kept(instance.tags)
        if not kept.protected and SCHEDULE not in instance.tags:
            return "stopped for being idle: whoever needs it starts it"
        off, reason = (False, kept.reason) if kept.protected else self._off_hours(instance.tags, self.now)
        own = instance.tags.get(OWN_TYPE, instance.kind)
        types = list(dict.fromkeys([own, *self.rules.other_types.get(own, ())]))
        return self._start(instance, reason, {"types": types}) if off is False else reason

    def _scaled_down(self, group: Group) -> Item | str:
        kept = self._kept(group.tags)
        off, reason = (False, kept.reason) if kept.protected else self._off_hours(group.tags, self.now)
        return self._start(group, reason, {"size": group.tags[OWN_SIZE]}) if off is False else reason

    def _due(self, machine: Instance | Group, warned: datetime | None) -> Verdict:
        """Tell whether a machine is to be stopped when the time for a veto is over."""
        kept = self._kept(machine.tags)
        if kept.protected:
            return Verdict(False, kept.reason)
        if SCHEDULE in machine.tags:
            off, reason = self._off_hours(machine.tags, max(self.now, warned or self.now + self.rules.veto))
        else:
            off, reason = self._idle(machine) if isinstance(machine, Instance) else (False, "has no schedule")
        return Verdict(bool(off), "; ".join(filter(None, [reason, kept.reason])))

    def _kept(self, tags: Mapping[str, str]) -> OptOut:
        found = [override(tags, self.now), opt_out(tags, self.now, self.rules.opt_out_tag)]
        protecting = [each for each in found if each.protected]
        return OptOut(bool(protecting), "; ".join(each.reason for each in protecting or found if each.reason))

    def _off_hours(self, tags: Mapping[str, str], at: datetime) -> tuple[bool | None, str]:
        """Tell whether the calendar says that nobody works; None, when there is no such calendar."""
        name = tags.get(SCHEDULE, "")
        calendar = self.rules.calendars.get(name)
        if calendar is None:
            return None, f"there is no calendar {name[:40]!r}"
        return (False, f"working hours ({name})") if calendar.is_working(at) else (True, f"off hours ({name})")

    def _idle(self, instance: Instance) -> tuple[bool, str]:
        if self.rules.idleness is None:
            return False, "has no schedule"
        if self.rules.idleness.is_fresh(instance.launched_at, self.now):
            return False, f"runs only since {iso(instance.launched_at)}"
        return self.rules.idleness.judge(self.usage_of(instance.resource_id))

    def _consequence(
        self, machine: Instance | Group, warned: datetime | None, verdict: Verdict, kinds: Collection[str]
    ) -> Item | str:
        reason, usd = verdict.reason, sum((self.rules.prices.of(kind) for kind in kinds), Decimal(0))
        facts: dict[str, Any] = {"planned_at": iso(self.now), "owner": self.rules.owner_of(machine.tags)}
        if not verdict.due:
            stale = any(tag in machine.tags for tag in STALE)
            return Item(machine.resource_id, UNMARK, reason, facts=facts) if stale else reason
        if warned and self.now < warned:
            return f"{reason}; warned, to be stopped after {iso(warned)}"
        action, after = (STOP, warned) if warned else (WARN, self.now + self.rules.veto)
        facts |= {"types": list(kinds), "usd_per_hour": str(usd), "stop_after": iso(after)}
        return Item(machine.resource_id, action, reason, 0, usd * HOURS_PER_MONTH, facts)

    def _start(self, machine: Instance | Group, reason: str, facts: Mapping[str, Any]) -> Item:
        order = {"order": number_in(machine.tags, ORDER, LAST), "planned_at": iso(self.now)}
        return Item(machine.resource_id, START, reason, facts={**facts, **order})
