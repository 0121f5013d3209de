"""The people of the local environment: IAM users who may call the approval workflow's API."""

import json
from contextlib import suppress

from botocore.credentials import Credentials

from scripts.deployment import Deployment
from scripts.signed_http import Caller


def caller(deployment: Deployment, name: str) -> Caller:
    """Return a person who can sign requests; the user is made if there is none, with one new access key.

    For the local environment: in an account of yours people have credentials of their own.
    """
    iam = deployment.client("iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName=name)
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:  # IAM allows two; their secrets are lost
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.put_user_policy(UserName=name, PolicyName="ask-for-hosts", PolicyDocument=json.dumps(_policy(deployment)))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Caller(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), deployment.region)


def _policy(deployment: Deployment) -> dict[str, object]:
    api = f"arn:aws:execute-api:{deployment.region}:*:{deployment.outputs['approval_workflow']['api_id']}"
    routes = [f"{api}/*/POST/requests", f"{api}/*/GET/requests/*"]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": routes}
    return {"Version": "2012-10-17", "Statement": [statement]}
