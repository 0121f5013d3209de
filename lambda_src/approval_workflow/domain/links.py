"""The links approvers get: an id that says nothing, signed; whom and until when it is for stays on the server."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from approval_workflow.domain.errors import ForgedLink, UnknownLink

_ID_BYTES = 16


@dataclass(frozen=True)
class Link:
    """One approver's way to one request; `expires_at` is in seconds since 1970."""

    link_id: str
    request_id: str
    approver: str
    expires_at: int

    @classmethod
    def to(cls, request_id: str, approver: str, expires_at: int) -> "Link":
        """Return an approver's link to a request: always the same, so that a reminder repeats the first one."""
        link_id = _text(sha256(f"{request_id}|{approver}".encode()).digest()[:_ID_BYTES])
        return cls(link_id, request_id, approver, expires_at)

    def signed(self, key: bytes) -> str:
        """Return the link's last part: id and signature."""
        return f"{self.link_id}.{self._signature(key)}"

    def check(self, signature: str, keys: Iterable[bytes]) -> None:
        """Compare a signature with those that the keys give, as texts: each link has one spelling. Raises `ForgedLink`.

        Later keys are not even asked for once one fits.
        """
        given = signature.encode(errors="replace")
        if not any(hmac.compare_digest(given, self._signature(key).encode()) for key in keys):
            raise ForgedLink("This link is not genuine.")

    def _signature(self, key: bytes) -> str:
        message = f"{self.link_id}|{self.approver}|{self.expires_at}"
        return _text(hmac.digest(key, message.encode(), "sha256"))


def parts(text: str) -> tuple[str, str]:
    """Return the id and the signature of a link's last part. Raises `UnknownLink` for what never was one."""
    link_id, _, signature = text.partition(".")
    if len(link_id) != len(_text(bytes(_ID_BYTES))) or not link_id.isascii():
        raise UnknownLink("This link leads nowhere.")
    return link_id, signature


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
