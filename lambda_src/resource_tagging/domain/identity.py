"""Who called, as the `userIdentity` of a CloudTrail record says; nothing in it is taken for granted.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"
_HOW = {
    "FederatedUser": "federated-user",
    "IAMUser": "iam-user",
    "IdentityCenterUser": "identity-center-user",
    "SAMLUser": "saml-user",
    "WebIdentityUser": "web-identity-user",
}
_SESSIONS = {"AssumedRole", "AWSAccount"}
_SSO_ROLE = "AWSReservedSSO_"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


@dataclass(frozen=True)
class Owner:
    """Whose a resource is, and in a few words how that was found."""

    name: str
    found_by: str


@dataclass(frozen=True)
class Identity:
    """One `userIdentity`; every part that is missing is an empty text."""

    kind: str
    name: str
    session: str
    role: str
    role_arn: str
    source: str
    access_key: str
    invoked_by: str

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Identity":
        """Read what CloudTrail recorded, whatever it is."""
        context = _mapping(document, "sessionContext")
        issuer = _mapping(context, "sessionIssuer")
        return cls(
            kind=_text(document, "type"),
            name=_text(document, "userName") or _text(_mapping(document, "onBehalfOf"), "userId"),
            session=_session(document),
            role=_text(issuer, "userName") or _text(issuer, "arn").rpartition("/")[2],
            role_arn=_text(issuer, "arn"),
            source=_text(context, "sourceIdentity"),
            access_key=_text(document, "accessKeyId"),
            invoked_by=_text(document, "invokedBy"),
        )

    @property
    def person(self) -> Owner | None:
        """The person who called, if the record alone tells; a source identity outlives every change of role."""
        if self.source:
            return Owner(self.source, "source-identity")
        if self.kind == "Root":
            return Owner("root", "root-user")
        if self.kind in _HOW and (self.name or self.session):
            return Owner(self.name or self.session, _HOW[self.kind])
        if self.kind in _SESSIONS and self.session:
            if self.role.startswith(_SSO_ROLE):
                return Owner(self.session, "sso-session")
            if _ADDRESS.fullmatch(self.session):
                return Owner(self.session, "session-name")
        return None

    @property
    def instance_id(self) -> str:
        """The instance whose profile the call was made with: its id is the session's name."""
        return self.session if _INSTANCE.fullmatch(self.session) else ""

    @property
    def is_service(self) -> bool:
        """Whether AWS itself called, by itself or with a role that only it can assume."""
        return self.kind == "AWSService" or ":role/aws-service-role/" in self.role_arn

    @property
    def acts_for_service(self) -> bool:
        """Whether a service called, with whatever role; the console is how people call."""
        return self.is_service or self.invoked_by not in {"", "signin.amazonaws.com"}

    def nobody(self) -> Owner:
        """Return the owner when nobody is found: a role that people or programs assume, or else "unknown" and why."""
        if self.is_service:
            return Owner(UNKNOWN, f"service {self.invoked_by or self.role or self.session}")
        if self.kind == "AssumedRole" and self.role:
            return Owner(self.role, f"role with session {self.session}")
        return Owner(UNKNOWN, f"identity of type {self.kind or 'none'}")


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _session(document: Mapping[str, Any]) -> str:
    """Return the last part of the ARN, or of the principal where another account's record has no ARN."""
    return _text(document, "arn").rpartition("/")[2] or _text(document, "principalId").partition(":")[2]
