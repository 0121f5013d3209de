"""A whole run's decisions, in the order in which they are carried out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from idle_resources.domain.judging import START, STOP, Judge
from idle_resources.domain.machines import GROUP_PREFIX, Group, Instance
from idle_resources.domain.marks import SCHEDULE
from idle_resources.domain.rules import Rules
from shared.operations.plan import Item, Page, Plan


@dataclass(frozen=True)
class Decisions:
    """What is to be done, starts in their order, and what is not, with reasons."""

    items: tuple[Item, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def stops(self) -> list[Item]:
        """What the limits are about."""
        return [item for item in self.items if item.action == STOP]


def decide(judge: Judge, instances: Iterable[Instance], groups: Iterable[Group]) -> Decisions:
    """Decide about everything there is."""
    decided = [(each.resource_id, judge.instance(each)) for each in instances]
    decided += [(each.resource_id, judge.group(each)) for each in groups]
    items = sorted((item for _, item in decided if isinstance(item, Item)), key=_place)
    return Decisions(tuple(items), tuple((each, why) for each, why in decided if isinstance(why, str)))


def to_measure(instances: Iterable[Instance], rules: Rules, now: datetime) -> list[str]:
    """Return the instances whose usage decides: those that run for long enough, and have no calendar."""
    idleness = rules.idleness
    return [
        each.resource_id
        for each in instances
        if idleness
        and each.state == "running"
        and not each.untouchable
        and SCHEDULE not in each.tags
        and not idleness.is_fresh(each.launched_at, now)
    ]


def page_of(plan: Plan, wanted: Callable[[Item], bool]) -> Page:
    """Return the items that one step acts on, in the plan's order, as a single page: all of the pace is the step's."""
    return Page(plan.run_id, 0, 1, plan.rules, tuple(item for item in plan.items if wanted(item)))


def is_group(item: Item) -> bool:
    """Tell whether an item is an Auto Scaling group."""
    return item.resource_id.startswith(GROUP_PREFIX)


def _place(item: Item) -> tuple[int, str]:
    return (item.facts["order"] if item.action == START else 0, item.resource_id)
