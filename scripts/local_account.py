"""What an administrator does once for an account, done for the local one; modules/bootstrap does it for the others."""

import contextlib
import json
from collections.abc import Callable

from scripts.aws import Client

STATES = "tfstate-workflows-local-000000000000-us-east-1"
ROLE = "api-logs-workflows-local"
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
TRAIL = "trail-workflows-local"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "apigateway.amazonaws.com"}}
    ],
}


def prepare(client: Callable[[str], Client]) -> None:
    """Give Terraform's state a bucket, let API Gateway write access logs, and a trail tell EventBridge of calls.

    To do it again changes nothing.

    `client` returns the account's boto3 client of a service.
    """
    client("s3").create_bucket(Bucket=STATES)
    _let_api_gateway_log(client)
    _log_management_events(client)


def _let_api_gateway_log(client: Callable[[str], Client]) -> None:
    """Give API Gateway the role without which no stage may have an access log, unless it has one.

    Once it is applied, it has that of the sample repository's account, which is this one.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html#set-up-access-logging-permissions
    """
    if client("apigateway").get_account().get("cloudwatchRoleArn"):
        return
    iam = client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=POLICY)
    role = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
    setting = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    client("apigateway").update_account(patchOperations=[setting])


def _log_management_events(client: Callable[[str], Client]) -> None:
    """Make a trail and let it log: EventBridge hears of calls only while one does.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    client("s3").create_bucket(Bucket=TRAIL)
    cloudtrail = client("cloudtrail")
    with contextlib.suppress(cloudtrail.exceptions.TrailAlreadyExistsException):
        cloudtrail.create_trail(Name=TRAIL, S3BucketName=TRAIL)
    cloudtrail.start_logging(Name=TRAIL)
