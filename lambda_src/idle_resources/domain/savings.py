"""What a stop has really saved, reckoned when it ends: the price of an hour, as it was then, times the hours."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.operations.moments import iso, moment_of

_CENTS = Decimal("0.0001")


@dataclass(frozen=True)
class Saving:
    """Begun when something was stopped; the text of it is remembered from run to run."""

    usd_per_hour: Decimal
    since: datetime

    @classmethod
    def from_text(cls, text: str) -> "Saving":
        """Read what `to_text` returned."""
        usd, since = text.split()
        return cls(Decimal(usd), moment_of(since))

    def to_text(self) -> str:
        """Return the text to be remembered."""
        return f"{self.usd_per_hour} {iso(self.since)}"

    def usd(self, now: datetime) -> Decimal:
        """Return the US dollars saved until now, in hundredths of a cent."""
        seconds = max(int((now - self.since).total_seconds()), 0)
        return (self.usd_per_hour * seconds / 3600).quantize(_CENTS)
