"""What is told, in one form for all sources and all channels."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice

from notifications.domain.severity import Severity
from shared.redaction import redacted

MAX_FACTS = 10  # https://docs.slack.dev/reference/block-kit/blocks/section-block takes no more
_FINGERPRINT = 32


@dataclass(frozen=True)
class Notification:
    """A notification: `facts` are names and values, `links` labels and addresses, both in the order they are shown.

    `kind` says how it was read, `source` who said it: a topic's name or an event's source. `resource` is an id of EC2
    whose owner is to be found, `occurrence` tells two happenings apart that read the same, such as a moment.
    """

    kind: str
    source: str
    severity: Severity
    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    at: str = ""
    owner: str = ""
    resource: str = ""
    occurrence: str = ""

    def fit_to_show(self) -> "Notification":
        """Return the same without what looks like a secret, without empty facts, and without more than can be shown."""
        facts = ((_shown(name), _shown(value)) for name, value in self.facts if value.strip())
        return replace(
            self,
            source=_shown(self.source),
            title=" ".join(_shown(self.title).split()) or self.kind,
            text=_shown(self.text),
            facts=tuple(islice(facts, MAX_FACTS)),
            links=tuple((_shown(label), url) for label, url in self.links if url == _shown(url)),
            at=_shown(self.at),
            owner=_shown(self.owner),
        )

    @property
    def fingerprint(self) -> str:
        """What two notifications share that say the same about the same happening, whoever they were sent to."""
        said = (self.kind, self.source, self.severity, self.title, self.text, self.facts, self.occurrence)
        return sha256(json.dumps(said).encode()).hexdigest()[:_FINGERPRINT]


def _shown(text: str) -> str:
    """Return a text without secrets, and without characters that nobody sees or that no encoding knows."""
    seen = "".join(each if each.isprintable() or each in "\n\t" else " " for each in text)
    return redacted(seen).strip()
