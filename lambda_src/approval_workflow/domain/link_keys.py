"""The keys that sign links: random, and proven with a link before they are used."""

from secrets import token_urlsafe

from approval_workflow.domain.links import Link, parts
from shared.rotation.errors import Unusable
from shared.rotation.rotating import Issuer

_BYTES = 32
_LEAST_CHARACTERS = 43  # what 32 bytes take in base64
_SAMPLE = Link.to("a-request", "an-approver", 0)


class LinkKeys(Issuer):
    """Makes keys of 32 random bytes."""

    def first(self) -> str:
        """Return a key; nobody has to put one."""
        return token_urlsafe(_BYTES)

    def issue(self, _before: str, _in_force: str, _token: str, /) -> str:
        """Return a new key; it owes nothing to the one before."""
        return token_urlsafe(_BYTES)

    def establish(self, value: str) -> None:
        """Nobody has to learn a key besides the functions that read the secret."""

    def prove(self, value: str) -> None:
        """Sign a link and open it, as those do who send and who receive it. Raises `Unusable` and `ForgedLink`.

        The latter would be the code's fault: the key stays, and the next attempt tries it again.
        """
        if len(value) < _LEAST_CHARACTERS:
            raise Unusable(f"the key has fewer than {_LEAST_CHARACTERS} characters")
        key = value.encode()
        _, signature = parts(_SAMPLE.signed(key))
        _SAMPLE.check(signature, [key])
