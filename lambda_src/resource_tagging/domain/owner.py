"""Finds whose a new resource is: the person who called, or the owner of what called for them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from resource_tagging.domain.call import Call
from resource_tagging.domain.identity import UNKNOWN, Identity, Owner

_MOST_STEPS = 5

# What AWS writes on things that other things launched.
_LAUNCHERS = {
    "aws:autoscaling:groupName": "auto-scaling-group",
    "aws:ec2:fleet-id": "ec2-fleet",
    "aws:ec2spot:fleet-request-id": "spot-fleet",
    "aws:cloudformation:stack-name": "stack",
}


@dataclass(frozen=True)
class Launcher:
    """Something that makes resources, and that has tags itself; `kind` is one of `_LAUNCHERS`, or "resource"."""

    kind: str
    name: str


type TagsOf = Callable[[Launcher], Mapping[str, str]]
type IssuerOf = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Resolver:
    """Finds owners; `tags_of` returns a launcher's tags, `issuer_of` the identity that an access key was issued to."""

    owner_tag: str
    tags_of: TagsOf
    issuer_of: IssuerOf

    def owner(self, call: Call) -> Owner:
        """Return the owner of what a call made: "unknown" with the reason, if there is nobody to be found."""
        if named := call.tags.get(self.owner_tag):
            return Owner(named, "tags of the same call")
        identity = Identity.from_document(call.identity)
        found = identity.person or self._launched(_launchers_of(call, identity))
        if not found and not identity.is_service:
            found = self._assumed(identity)
        return found or identity.nobody()

    def _launched(self, launchers: Iterator[Launcher]) -> Owner | None:
        """Follow launchers to the first with an owner: an instance's group, or else the stack of that group."""
        waiting, seen = list(launchers), set[Launcher]()
        while waiting and len(seen) < _MOST_STEPS:
            launcher = waiting.pop(0)
            if launcher in seen:
                continue
            seen.add(launcher)
            tags = self.tags_of(launcher)
            if (name := tags.get(self.owner_tag, UNKNOWN)) != UNKNOWN:
                return Owner(name, f"{launcher.kind} {launcher.name}")
            waiting += _launchers_in(tags)
        return None

    def _assumed(self, identity: Identity) -> Owner | None:
        """Follow a chain of roles back to the person who assumed the first of them, key by key."""
        for _ in range(_MOST_STEPS):
            issuer = self.issuer_of(identity.access_key) if identity.access_key else {}
            if not issuer:
                return None
            identity = Identity.from_document(issuer)
            if person := identity.person:
                return Owner(person.name, f"role-chain {person.found_by}")
        return None


def _launchers_of(call: Call, identity: Identity) -> Iterator[Launcher]:
    yield from _launchers_in(call.tags)
    if identity.instance_id:
        yield Launcher("resource", identity.instance_id)
    if identity.acts_for_service:
        yield from (Launcher("resource", source) for source in call.sources)


def _launchers_in(tags: Mapping[str, str]) -> Iterator[Launcher]:
    return (Launcher(kind, tags[tag]) for tag, kind in _LAUNCHERS.items() if tags.get(tag))
