"""What an administrator does once for an account, done for the local one; modules/bootstrap does it for the others."""

import contextlib
import json
from collections.abc import Callable

from scripts.aws import Client

ROLE = "api-logs-workflows-local"
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "apigateway.amazonaws.com"}}
    ],
}


def prepare(client: Callable[[str], Client]) -> None:
    """Give API Gateway the role that it writes access logs with; to do it again changes nothing.

    `client` returns the account's boto3 client of a service. Without that role no stage may have an access log:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html#set-up-access-logging-permissions
    """
    iam = client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=POLICY)
    role = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
    setting = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    client("apigateway").update_account(patchOperations=[setting])
