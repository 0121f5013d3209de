"""What a refusal's message says: who wanted to do what on which resource, and which kind of policy refused.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html has the forms of the message.
"""

import re
from dataclasses import dataclass

from scripts.doctor.facts import Denial

_MESSAGE = re.compile(
    r"(?P<principal>arn:[^\s\"]+|[a-z.]+\.amazonaws\.com) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on (?:the )?resource:? \\?\"?(?P<resource>[^\s\"\\]+))?(?P<rest>[^\n]*)"
)
_REASON = re.compile(
    r"(?P<deny>with an explicit deny in (?:an?|the) )?(?:because no )?"
    r"(?P<kind>identity-based polic|resource-based polic|permissions boundar|service control polic|"
    r"resource control polic|VPC endpoint polic|session polic)"
)
_OPERATION = re.compile(r"\((?:AccessDenied\w*|403|Forbidden)\) when calling the (?P<operation>\w+) operation")
_KEY_OPERATIONS = {"Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncrypt"}
# Amazon S3 often says no more than "Access Denied"; these calls need another action than their name.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, .../API_HeadObject.html
_OBJECT_OPERATIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutObject": "PutObject",
    "UploadPart": "PutObject",
}

IDENTITY = "identity-based polic"
RESOURCE = "resource-based polic"
BOUNDARY = "permissions boundar"


@dataclass(frozen=True)
class Refusal:
    """A refusal's parts; "" is what the message leaves out.

    `kind` is the beginning of the name of the kind of policy that refused, `explicit` whether by a Deny; `through` is
    whether a service asked on behalf of the principal, as for a key when an object is read.
    """

    principal: str
    action: str
    resource: str
    kind: str = ""
    explicit: bool = False
    through: bool = False

    @property
    def role_name(self) -> str:
        """The name of the role that acted, or the service itself."""
        if ":assumed-role/" in self.principal:
            return self.principal.split("/")[1]
        return self.principal.rsplit("/", 1)[-1]


def parse(denial: Denial) -> Refusal | None:
    """Return what a denial's message says, or None when it is about something else."""
    calling = _OPERATION.search(denial.message)
    if found := _MESSAGE.search(denial.message):
        service, _, operation = found["action"].partition(":")
        reason = _REASON.search(found["rest"])
        return Refusal(
            found["principal"],
            f"{service.lower()}:{operation}",
            (found["resource"] or "").rstrip(".,"),
            reason["kind"] if reason else "",
            bool(reason and reason["deny"]),
            through=service == "kms" and not (calling and calling["operation"] in _KEY_OPERATIONS),
        )
    if calling and calling["operation"] in _KEY_OPERATIONS:
        return Refusal(denial.role_arn, f"kms:{calling['operation']}", "")
    if calling and calling["operation"] in _OBJECT_OPERATIONS:
        return Refusal(denial.role_arn, f"s3:{_OBJECT_OPERATIONS[calling['operation']]}", "")
    return None
