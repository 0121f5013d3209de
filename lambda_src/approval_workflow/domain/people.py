"""Who is who: several names of one person are one person, who has one vote and none on their own request."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ROLE = re.compile(r"arn:([^:]+):iam::(\d{12}):role/(?:[^/]+/)*([^/]+)")
_SESSION = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+")


@dataclass(frozen=True)
class Person:
    """Somebody the policy names; `principal` is the ARN they call AWS with, or a role's, for any of its sessions."""

    email: str
    principal: str

    def calls_as(self, arn: str) -> bool:
        """Tell whether a caller is this person."""
        role, session = _ROLE.fullmatch(self.principal), _SESSION.fullmatch(arn)
        return self.principal == arn or bool(role and session and role.groups() == session.groups())

    def is_same_as(self, other: "Person") -> bool:
        """Tell whether another name has the same mailbox or the same principal, and so may be the same person."""
        same_mailbox = _mailbox(self.email) == _mailbox(other.email)
        return same_mailbox or self.calls_as(other.principal) or other.calls_as(self.principal)


@dataclass(frozen=True)
class People:
    """All the people a policy names."""

    by_name: Mapping[str, Person]

    def names_of(self, arn: str) -> list[str]:
        """Return every name of the person who calls as `arn`, the most exact first; none for a stranger."""
        own = [name for name, person in self.by_name.items() if person.calls_as(arn)]
        own.sort(key=lambda name: self.by_name[name].principal != arn)
        return own + [name for name in self.by_name if name in self._aliases(own) and name not in own]

    def names_at(self, email: str) -> list[str]:
        """Return the names of whoever has a mailbox; none for a stranger."""
        return [name for name, person in self.by_name.items() if _mailbox(person.email) == _mailbox(email)]

    def others(self, names: Iterable[str], own: Iterable[str]) -> list[str]:
        """Return, of `names`, one for each person who is not the one with the names `own`."""
        found: list[str] = []
        taken = self._aliases(own)
        for name in names:
            if name not in taken:
                found.append(name)
                taken |= self._aliases([name])
        return found

    def _aliases(self, names: Iterable[str]) -> set[str]:
        """Return the names and all that may be the same people, however long the chain between them."""
        known, new = set(names), set(names)
        while new:
            new = {
                name
                for name, person in self.by_name.items()
                if name not in known and any(person.is_same_as(self.by_name[each]) for each in new)
            }
            known |= new
        return known


def _mailbox(email: str) -> str:
    """Return an address without what mail servers ignore: capitals, and a tag after a plus sign."""
    name, _, domain = email.casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
