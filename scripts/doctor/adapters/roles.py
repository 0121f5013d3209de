"""Who may do what: roles with their policies and boundaries, and the policies of resources, by ARN."""

from collections.abc import Iterable

from scripts.aws import Client
from scripts.doctor.adapters.reading import Reader
from scripts.doctor.facts import Role
from scripts.policies import Policy, document


def role(reader: Reader, arn: str) -> Role | None:
    """Return a role, None if it cannot be read."""
    found: Role | None = reader.get(f"role {arn}", None, _role, iam=reader.client("iam"), arn=arn)
    return found


def _role(iam: Client, arn: str) -> Role:
    name = arn.rsplit("/", 1)[-1]
    found = iam.get_role(RoleName=name)["Role"]
    inline = [
        Policy(
            f"inline policy {each} of the role {name}",
            document(iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]),
        )
        for each in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    attached = [
        _managed(iam, each["PolicyArn"], f"managed policy {each['PolicyName']} of the role {name}")
        for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    ]
    limit = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    boundary = _managed(iam, limit, f"permissions boundary {limit}") if limit else None
    trust = Policy(f"trust policy of the role {name}", document(found["AssumeRolePolicyDocument"]))
    return Role(found["Arn"], (*inline, *attached), boundary, trust)


def _managed(iam: Client, arn: str, where: str) -> Policy:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    return Policy(where, document(found["Document"]))


def resource_policies(reader: Reader, arns: Iterable[str]) -> dict[str, Policy]:
    """Return the policies of queues, topics, buckets, keys and secrets, by the ARNs given; others are left out."""
    found = {}
    for arn in arns:
        service = arn.split(":")[2]
        if service in _READ:
            text = reader.get(f"policy of {arn}", "", _READ[service], reader=reader, arn=arn)
            found[arn] = Policy(f"policy of {arn}", document(text))
    return found


def _queue(reader: Reader, arn: str) -> str:
    sqs = reader.client("sqs")
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return str(answer.get("Attributes", {}).get("Policy", ""))


def _topic(reader: Reader, arn: str) -> str:
    return str(reader.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy", ""))


def _bucket(reader: Reader, arn: str) -> str:
    return str(reader.client("s3").get_bucket_policy(Bucket=arn.split(":::")[1].split("/", maxsplit=1)[0])["Policy"])


def _key(reader: Reader, arn: str) -> str:
    return str(reader.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"])


def _secret(reader: Reader, arn: str) -> str:
    return str(reader.client("secretsmanager").get_resource_policy(SecretId=arn).get("ResourcePolicy", ""))


_READ = {"sqs": _queue, "sns": _topic, "s3": _bucket, "kms": _key, "secretsmanager": _secret}
