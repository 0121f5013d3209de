"""What has to be true right before something is touched: the same judgement as when the run was planned."""

from idle_resources.domain.judging import START, STOP, UNMARK, WARN, Judge
from idle_resources.domain.machines import Group, Instance
from idle_resources.domain.marks import OWN_SIZE, STALE, STOP_AFTER, STOPPED_AT, STOPPED_BY, moment_in
from shared.operations.acting import Skip
from shared.operations.moments import moment_of
from shared.operations.plan import Item


def check(item: Item, machine: Instance | Group, judge: Judge) -> Item:
    """Return what is to be done now: as planned, or what an attempt that was cut off has begun. Raises `Skip`."""
    if _is_begun(item, machine, judge.workflow):
        return item
    judged = judge.instance(machine) if isinstance(machine, Instance) else judge.group(machine)
    if isinstance(judged, str):
        raise Skip(judged)
    if judged.action != item.action:
        raise Skip(f"now it is to {judged.action}: {judged.reason}")
    return judged


def _is_begun(item: Item, machine: Instance | Group, workflow: str) -> bool:
    if item.action == WARN:
        warned = moment_in(machine.tags, STOP_AFTER)
        return warned is not None and warned >= moment_of(item.facts["stop_after"])
    if item.action == UNMARK:
        return not any(tag in machine.tags for tag in STALE)
    return _scaled(item, machine) if isinstance(machine, Group) else _switched(item, machine, workflow)


def _scaled(item: Item, group: Group) -> bool:
    own: str = item.facts["size"]
    if item.action == START:
        return group.size == own
    return group.size == "{off}/{off}".format(**item.facts) and group.tags.get(OWN_SIZE) == own


def _switched(item: Item, instance: Instance, workflow: str) -> bool:
    """Tell whether an instance was stopped or started since the run was planned, and not by others for all we know."""
    planned_at, stopped_at = moment_of(item.facts["planned_at"]), moment_in(instance.tags, STOPPED_AT)
    if item.action == START:
        return instance.state in {"pending", "running"} and instance.launched_at >= planned_at
    ours = instance.tags.get(STOPPED_BY) == workflow and stopped_at is not None and stopped_at >= planned_at
    return item.action == STOP and ours and instance.state in {"stopping", "stopped"}
