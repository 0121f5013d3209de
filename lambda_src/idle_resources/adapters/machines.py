"""Instances and groups alike: looks at what an item means, tags it, stops it and starts it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from idle_resources.adapters import groups, instances, measurements
from idle_resources.domain.checks import check
from idle_resources.domain.idleness import Usage
from idle_resources.domain.judging import Judge
from idle_resources.domain.machines import GROUP_PREFIX, Group, Instance
from idle_resources.domain.marks import OWN_SIZE, OWN_TYPE, STALE, STOP_AFTER, STOPPED_AT, STOPPED_BY
from idle_resources.domain.rules import Rules
from idle_resources.domain.savings import Saving
from shared.operations.adapters import clock
from shared.operations.adapters.memory import Memory
from shared.operations.moments import iso
from shared.operations.plan import Item, Plan


class Looks:
    """Looks at machines right before they are touched, and judges them again by the rules of their run."""

    def __init__(self, plan: Plan, workflow: str) -> None:
        self.workflow = workflow
        self._rules = Rules.from_document(plan.rules)
        self._found: dict[str, tuple[Instance | Group, Item]] = {}

    def check(self, item: Item) -> None:
        """Look at an item's machine. Raises `Skip` if it is not to be done any more."""
        machine = _look(item.resource_id)
        judge = Judge(self._rules, self.workflow, clock.now(), self._usage_of)
        self._found[item.resource_id] = machine, check(item, machine, judge)

    def found(self, item: Item) -> tuple[Instance | Group, Item]:
        """Return the machine of an item that was checked, and what is to be done to it now."""
        return self._found[item.resource_id]

    def _usage_of(self, instance_id: str) -> Usage | None:
        idleness = self._rules.idleness
        return measurements.usage([instance_id], idleness.window, clock.now()).get(instance_id) if idleness else None


@dataclass(frozen=True)
class Switch:
    """Stops and starts what was looked at; both bear a cut. The table `table` remembers since when a stop saves."""

    looks: Looks
    table: str
    pace: Callable[[], None]

    def stop(self, item: Item) -> dict[str, Any]:
        """Stop an instance, or scale a group to its off-hours size; its tags say first what is needed to go back."""
        machine, judged = self.looks.found(item)
        if isinstance(machine, Group):
            groups.mark(machine.name, {OWN_SIZE: judged.facts["size"]})
            groups.resize(machine.name, judged.facts["off"], judged.facts["off"])
        elif machine.state == "running":
            mark(item.resource_id, {STOPPED_BY: self.looks.workflow, STOPPED_AT: iso(clock.now())})
            instances.stop(item.resource_id)
        unmark(item.resource_id, [STOP_AFTER])
        saving = Saving(Decimal(judged.facts["usd_per_hour"]), clock.now())
        self._memory.write({item.resource_id: saving.to_text()})
        return {"types": judged.facts["types"]}

    def start(self, item: Item) -> dict[str, Any]:
        """Start an instance, or scale a group to exactly the size it had; return what the stop has saved.

        An instance is not there yet: it keeps its tags, and what is remembered of it, until `settle_start`.
        """
        machine, judged = self.looks.found(item)
        if isinstance(machine, Group):
            result = judged.facts["size"]
            groups.resize(machine.name, *map(int, result.split("/")))
        elif machine.state == "stopped":
            result = instances.start(machine, judged.facts["types"], self.pace)
        else:
            result = machine.kind
        began = self._remembered.get(item.resource_id)
        saved = Saving.from_text(began).usd(clock.now()) if began else Decimal(0)
        if isinstance(machine, Group):
            self._forget(item, [OWN_SIZE, STOP_AFTER])
        return {"started_as": result, "saved_usd": str(saved)}

    def settle_start(self, item: Item) -> str:
        """Look at an instance that was started; return why EC2 has stopped it again, "" if it has not.

        Such an instance is still stopped by this workflow, so that the next run tries again.
        """
        machine = instances.look(item.resource_id)
        if not machine.start_failed:
            own, *_ = item.facts["types"]
            self._forget(item, [*STALE, OWN_TYPE] if machine.kind == own else STALE)
        return machine.start_failed

    def _forget(self, item: Item, tags: Iterable[str]) -> None:
        unmark(item.resource_id, tags)
        self._memory.forget([item.resource_id])

    @property
    def _memory(self) -> Memory:
        return Memory(self.table, "savings")

    @cached_property
    def _remembered(self) -> dict[str, str]:
        return self._memory.everything()


def mark(resource_id: str, tags: Mapping[str, str]) -> None:
    """Tag an instance or a group."""
    if resource_id.startswith(GROUP_PREFIX):
        groups.mark(resource_id.removeprefix(GROUP_PREFIX), tags)
    else:
        instances.mark(resource_id, tags)


def unmark(resource_id: str, tags: Iterable[str]) -> None:
    """Remove tags of an instance or a group."""
    if resource_id.startswith(GROUP_PREFIX):
        groups.unmark(resource_id.removeprefix(GROUP_PREFIX), tags)
    else:
        instances.unmark(resource_id, tags)


def _look(resource_id: str) -> Instance | Group:
    if resource_id.startswith(GROUP_PREFIX):
        return groups.look(resource_id.removeprefix(GROUP_PREFIX))
    return instances.look(resource_id)
