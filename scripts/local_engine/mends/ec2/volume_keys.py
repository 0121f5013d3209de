"""The customers' keys of an instance's volumes: who starts it must be allowed to lend them to EC2.

AWS: https://repost.aws/knowledge-center/kms-iam-ec2-permission,
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
Engine: started any instance for anybody.
"""

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import ec2 as engine
from ministack.services import kms

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.request import current


def may_be_lent(instance: dict[str, Any]) -> bool:
    """Say whether the current request's caller may create grants for each customer's key of the instance's volumes.

    State machines that start instances by themselves are not asked here.
    """
    attached = (engine._volumes.get(each["Ebs"]["VolumeId"]) or {} for each in instance["BlockDeviceMappings"])
    keys = {key["Arn"] for volume in attached if (key := kms._resolve_key(volume.get("KmsKeyId") or ""))}
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in current.get().headers}
    if not keys or not headers or scope.role():
        return True
    via = {
        "kms:ViaService": f"ec2.{get_region()}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
        "kms:GrantIsForAWSResource": "true",
    }
    caller = extract_access_key_id(headers)
    return not any(iam_evaluator.enforce(caller, "kms:CreateGrant", "kms", get_region(), key, via) for key in keys)
