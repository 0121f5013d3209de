"""Instance credentials: a host acts with the role of its profile, and IAM knows which host it is.

`POST /_local/instances/<id>/credentials` answers as the host's own metadata service would: what runs on the host cannot
be shown on the engine, but what the host may do can.
"""

import json
import re
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import request_scope
from ministack.services import ec2 as engine
from ministack.services import iam, imds, sts

from scripts.local_engine.mends.ec2.settings import arn
from scripts.local_engine.patching import Function, wrap

_PATH = re.compile(r"/_local/instances/(i-[0-9a-f]{17})/credentials")
_SECONDS = 6 * 3600
_KEY = "ec2:sourceinstancearn"
_JSON = {"Content-Type": "application/json"}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_credentials)
    wrap(iam_evaluator, "_principal_keys")(_principal_keys)


async def _credentials(original: Function, path: str, method: str, body: bytes) -> Any:
    """Answer with credentials of a running instance's role.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html - the session's
    name is the instance's id. Engine: one role of its own invention, for no instance in particular.
    """
    asked = _PATH.fullmatch(path)
    if not asked or method != "POST":
        return await original(path, method, body)
    for (account, region, instance_id), instance in list(engine._instances.all_items()):
        if instance_id == asked[1] and instance["State"]["Name"] == "running":
            with request_scope(account, region):
                return _answer(instance, account)
    return 404, _JSON, b"{}"


def _answer(instance: dict[str, Any], account: str) -> Any:
    profile = iam._lookup_instance_profile(arn=(instance.get("IamInstanceProfile") or {}).get("Arn", ""))
    if not profile or not profile["Roles"]:
        return 404, _JSON, b"{}"
    role, instance_id, made = profile["Roles"][0], instance["InstanceId"], imds._credentials_doc()
    sts.register_session(
        made["AccessKeyId"],
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{instance_id}",
            "UserId": f"{iam._roles[role]['RoleId']}:{instance_id}",
            "AccountId": account,
            "PrincipalType": "AssumedRole",
            "SecretAccessKey": made["SecretAccessKey"],
            "SessionToken": made["Token"],
            "Expiration": engine.time.time() + _SECONDS,
            _KEY: arn("instance", instance_id),
        },
    )
    return 200, _JSON, json.dumps(made).encode()


def _principal_keys(original: Function, credential: Any) -> dict[str, Any]:
    """Tell which instance asks.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2-source-instance-arn
    Engine: did not know the key.
    """
    keys = original(credential)
    session = sts._sessions.get(credential.access_key_id) or {}
    return {**keys, _KEY: session[_KEY]} if _KEY in session else dict(keys)
