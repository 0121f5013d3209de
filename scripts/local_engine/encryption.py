"""Which customer-managed key an action uses, and what for, when its resource is encrypted with one.

AWS: a service that encrypts with a customer's key uses it in the caller's name, so the caller needs the key's
permission too, with the condition key kms:ViaService naming the service
(https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb, kms, s3, secretsmanager, sns, sqs, ssm, stepfunctions

from scripts.local_engine.mends.codecommit import store
from scripts.local_engine.request import NOTHING, Request

DECRYPT = "kms:Decrypt"
ENCRYPT = "kms:Encrypt"
DATA_KEY = "kms:GenerateDataKey"
DESCRIBE = "kms:DescribeKey"
KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
AS_READ_AND_WRITTEN = {
    "BatchGetItem": [DECRYPT], "BatchWriteItem": [DECRYPT], "ConditionCheckItem": [DECRYPT], "DeleteItem": [DECRYPT],
    "GetItem": [DECRYPT], "GetRecords": [DECRYPT], "PutItem": [DECRYPT], "Query": [DECRYPT], "Scan": [DECRYPT],
    "UpdateItem": [DECRYPT],
}  # fmt: skip
OF_MACHINES = {
    "CreateStateMachine": [DESCRIBE, DATA_KEY], "UpdateStateMachine": [DESCRIBE, DATA_KEY],
    "DescribeExecution": [DECRYPT], "DescribeStateMachine": [DECRYPT], "DescribeStateMachineForExecution": [DECRYPT],
    "GetExecutionHistory": [DECRYPT], "StartSyncExecution": [DECRYPT],
}  # fmt: skip


@dataclass(frozen=True)
class KeyUse:
    """One use of a key: the actions needed on it, and the condition keys they come with."""

    key_arn: str
    actions: list[str]
    context: dict[str, str]


def uses(action: str, resource: str, asked: Request = NOTHING) -> Iterator[KeyUse]:
    """Yield the uses of customer-managed keys that `action` on `resource`, asked for by a request, entails.

    Keys that AWS manages are left out: their policies let the whole account use them through their service.
    """
    service, operation = action.split(":", 1)
    if action == "ssm:GetParametersByPath":
        for name in _below(arn=resource):
            yield from uses("ssm:GetParameter", f"{resource.partition(':parameter/')[0]}:parameter{name}", asked)
    if service not in _SERVICES:
        return
    reference, actions, encryption_context = _SERVICES[service](operation, resource, asked)
    key = kms._resolve_key(reference) if reference and actions else None
    if key is None:
        return
    origin = {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com", "kms:CallerAccount": get_account_id()}
    context = {f"kms:EncryptionContext:{name}": value for name, value in encryption_context.items()}
    if DESCRIBE in actions:  # which encrypts nothing, and so takes no context
        yield KeyUse(key["Arn"], [DESCRIBE], origin)
    yield KeyUse(key["Arn"], [action for action in actions if action != DESCRIBE], context | origin)


type _Use = tuple[str | None, list[str], dict[str, str]]


def _queue(operation: str, arn: str, _asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html."""
    actions = {"SendMessage": [DATA_KEY, DECRYPT], "ReceiveMessage": [DECRYPT]}.get(operation, [])
    queue = sqs._queue_by_arn(arn) if actions else None
    return queue and queue["attributes"].get("KmsMasterKeyId"), actions, {"aws:sqs:arn": arn}


def _topic(operation: str, arn: str, _asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    topic = sns._topics.get(arn) or {}
    actions = [DATA_KEY, DECRYPT] if operation == "Publish" else []
    return topic.get("attributes", {}).get("KmsMasterKeyId"), actions, {"aws:sns:topicArn": arn}


def _table(operation: str, arn: str, _asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html."""
    name = arn.split("/")[1] if "/" in arn else ""
    description = (dynamodb._tables.get(name) or {}).get("SSEDescription") or {}
    context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": get_account_id()}
    return description.get("KMSMasterKeyArn"), AS_READ_AND_WRITTEN.get(operation, []), context


def _object(operation: str, arn: str, asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html."""
    bucket, _, key = arn.removeprefix("arn:aws:s3:::").partition("/")
    default = s3._bucket_default_sse_headers(bucket)
    if operation == "PutObject":
        reference = asked.header(KEY_HEADER) or default.get(KEY_HEADER)
        actions = [DATA_KEY, DECRYPT] if asked.parameter("uploadId") else [DATA_KEY]
    elif operation in {"GetObject", "GetObjectVersion"}:
        reference, actions = _object_headers(bucket, key, asked.parameter("versionId")).get(KEY_HEADER), [DECRYPT]
    else:
        return None, [], {}
    whole_bucket = "<BucketKeyEnabled>true<" in (s3._bucket_encryption.get(bucket) or "")
    return reference, actions, {"aws:s3:arn": f"arn:aws:s3:::{bucket}" if whole_bucket else arn}


def _object_headers(bucket: str, key: str, version: str) -> dict[str, str]:
    versions = [v for v in s3._object_versions.get((bucket, key), []) if v["version_id"] == version]
    stored = versions[0] if versions else (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(key)
    return dict(s3._stored_sse_headers(stored or {}))


def _parameter(operation: str, arn: str, asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html."""
    fields = asked.fields()
    if operation == "PutParameter":
        return (
            (fields.get("KeyId") if fields.get("Type") == "SecureString" else None),
            [ENCRYPT],
            {"PARAMETER_ARN": arn},
        )
    if operation not in {"GetParameter", "GetParameters"} or not fields.get("WithDecryption"):
        return None, [], {}
    name = arn.split(":parameter/", 1)[-1]
    found = ssm._parameters.get(name) or ssm._parameters.get(f"/{name}") or {}
    return found.get("KeyId"), [DECRYPT], {"PARAMETER_ARN": arn}


def _below(arn: str) -> list[str]:
    """Return the names of the parameters below a path."""
    path = f"/{arn.partition(':parameter/')[2].rstrip('/')}/"
    return [name for name in ssm._parameters if name.startswith(path)]


def _machine(operation: str, arn: str, asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html (permissions for API callers).

    `arn` is a machine's, of a version or an alias too, or an execution's.
    """
    fields, parts = asked.fields(), arn.split(":")
    if fields.get("includedData") == "METADATA_ONLY" or operation not in OF_MACHINES:
        return None, [], {}
    machine = ":".join([*parts[:5], "stateMachine", parts[6].partition("/")[0]])  # without a distributed Map's label
    kept = stepfunctions._executions.get(arn) or stepfunctions._state_machines.get(machine) or {}
    configuration = fields.get("encryptionConfiguration") or kept.get("encryptionConfiguration") or {}
    return configuration.get("kmsKeyId"), OF_MACHINES[operation], {"aws:states:stateMachineArn": machine}


def _repository(operation: str, arn: str, _asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/codecommit/latest/userguide/encryption.html.

    That page lists six actions and the repository's id as the encryption context, but neither which call needs which
    action nor what the context's key is called: here whatever reads commits or comments needs Decrypt.
    """
    reads = operation == "GitPull" or operation.startswith(("Get", "PostComment"))
    repository = store.repositories.get(arn.rpartition(":")[2]) or {}
    return repository.get("kmsKeyId"), [DECRYPT] if reads else [], {}


def _secret(operation: str, arn: str, asked: Request) -> _Use:
    """See https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html."""
    write = [DATA_KEY, DECRYPT]
    actions = {"GetSecretValue": [DECRYPT], "PutSecretValue": write, "UpdateSecret": write, "CreateSecret": write}
    secret = secretsmanager._resolve(arn)[1] or {}
    return asked.fields().get("KmsKeyId") or secret.get("KmsKeyId"), actions.get(operation, []), {"SecretARN": arn}


_SERVICES: dict[str, Callable[[str, str, Request], _Use]] = {
    "codecommit": _repository,
    "dynamodb": _table,
    "s3": _object,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
    "ssm": _parameter,
    "states": _machine,
}
