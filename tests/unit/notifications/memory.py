"""A ledger in memory that keeps to the same rules as the one in DynamoDB; `test_ledger.py` holds both to them."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from notifications.domain.claims import Claim, Found, Status, WindowMoved
from notifications.domain.storm import Head, Window


@dataclass
class Kept:
    """A claim as it is kept."""

    status: Status
    message_id: str
    held_until: int
    window_until: int


@dataclass
class Memory:
    claims: dict[str, Kept] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=lambda: defaultdict(Head))
    closed: set[str] = field(default_factory=set)

    def head(self, window: Window) -> Head:
        return self.heads[window.key]

    def place(self, claim: Claim, window: Window, limit: int, tally: str | None) -> Found | None:
        if found := self._taken(claim):
            return found
        head = self.heads[window.key]
        if window.key in self.closed or (tally is None and head.shown >= limit):
            raise WindowMoved
        if tally is None:
            self.heads[window.key] = replace(head, shown=head.shown + 1)
        else:
            tallies = {**head.tallies, tally: head.tallies.get(tally, 0) + 1}
            self.heads[window.key] = replace(head, gathered=head.gathered + 1, reminded=True, tallies=tallies)
        self._put(claim, Status.GATHERED if tally else Status.CLAIMED)
        return None

    def claim(self, claim: Claim) -> Found | None:
        found = self._taken(claim)
        if not found:
            self._put(claim, Status.CLAIMED)
        return found

    def take_over(self, claim: Claim) -> bool:
        kept = self.claims[claim.key]
        if kept.status not in {Status.CLAIMED, Status.GIVEN_UP} or kept.held_until > claim.now:
            return False
        kept.status, kept.message_id, kept.held_until = Status.CLAIMED, claim.message_id, claim.held_until
        return True

    def settle(self, claim: Claim, status: Status) -> None:
        if kept := self._mine(claim):
            kept.status, kept.held_until, kept.window_until = status, 0, claim.now + claim.window_seconds

    def release(self, claim: Claim) -> None:
        if kept := self._mine(claim):
            kept.held_until = 0

    def close(self, window: Window) -> Head:
        self.closed.add(window.key)
        return self.heads[window.key]

    def _put(self, claim: Claim, status: Status) -> None:
        held = 0 if status is Status.GATHERED else claim.held_until
        self.claims[claim.key] = Kept(status, claim.message_id, held, claim.now + claim.window_seconds)

    def _taken(self, claim: Claim) -> Found | None:
        kept = self.claims.get(claim.key)
        if kept is None:
            return None
        over = kept.window_until <= claim.now and kept.held_until <= claim.now
        if over and kept.message_id != claim.message_id:
            return None
        return Found(kept.status, kept.message_id, kept.held_until)

    def _mine(self, claim: Claim) -> Kept | None:
        kept: Any = self.claims.get(claim.key)
        return kept if kept and kept.status is Status.CLAIMED and kept.message_id == claim.message_id else None
