"""The `userIdentity` of a CloudTrail record, of root, users, assumed roles and federated users.

AWS: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
Engine: every caller was an IAM user named like the access key.
"""

import time
from typing import Any

from ministack.services import iam, sts

from scripts.local_engine.authorization import role_name

_SOURCE = "SourceIdentity"
_KINDS = {"Root": "Root", "User": "IAMUser"}


def of_caller(headers: dict[str, str], query: dict[str, Any]) -> dict[str, Any] | None:
    """Return the identity of who signed a request; None for somebody unknown."""
    caller = sts._caller_identity(headers, query)
    if not isinstance(caller, dict):
        return None
    key = caller["accessKey"]
    session = sts._sessions.get(key) or {}
    if ":assumed-role/" in caller["userArn"]:
        return _assumed(caller["userArn"], caller["accountId"], key, session)
    identity = {
        "type": _KINDS.get(caller["principalType"], caller["principalType"]),
        "principalId": caller["userId"],
        "arn": caller["userArn"],
        "accountId": caller["accountId"],
        "accessKeyId": key,
    }
    user = {"userName": caller["userArn"].rpartition("/")[2]} if identity["type"] == "IAMUser" else {}
    return {**identity, **user, **({"sessionContext": {"attributes": _attributes()}} if session else {})}


def of_service(role_arn: str, session: str, service: str) -> dict[str, Any]:
    """Return the identity of a service that acts with a role."""
    account = role_arn.split(":")[4]
    arn = f"arn:aws:sts::{account}:assumed-role/{role_name(role_arn)}/{session}"
    identity = _assumed(arn, account, "", {})
    identity["sessionContext"]["sessionIssuer"]["arn"] = role_arn
    return {**identity, "invokedBy": service}


def _assumed(arn: str, account: str, key: str, session: dict[str, Any]) -> dict[str, Any]:
    _, name, session_name = arn.split(":", 5)[5].split("/", 2)
    role = iam._roles.get(name) or {}
    issuer = {
        "type": "Role",
        "principalId": role.get("RoleId", name),
        "arn": role.get("Arn", f"arn:aws:iam::{account}:role/{name}"),
        "accountId": account,
        "userName": name,
    }
    source = {"sourceIdentity": session[_SOURCE]} if session.get(_SOURCE) else {}
    return {
        "type": "AssumedRole",
        "principalId": f"{issuer['principalId']}:{session_name}",
        "arn": arn,
        "accountId": account,
        **({"accessKeyId": key} if key else {}),
        "sessionContext": {"sessionIssuer": issuer, "attributes": _attributes(), **source},
    }


def _attributes() -> dict[str, str]:
    return {"creationDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "mfaAuthenticated": "false"}


def user_name(identity: dict[str, Any]) -> str:
    """Return what LookupEvents calls the user: a user's or session's name, or `root`.

    AWS: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-cli.html
    """
    return "root" if identity["type"] == "Root" else str(identity["arn"].rpartition("/")[2])


def keep_source(caller_key: str, issued_key: str, asked: str | None) -> None:
    """Give a new session its source identity: the one asked for, or that of the session that assumed the role.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    Engine: forgot it.
    """
    source = asked or (sts._sessions.get(caller_key) or {}).get(_SOURCE)
    if source and issued_key in sts._sessions:
        sts._sessions[issued_key][_SOURCE] = source
