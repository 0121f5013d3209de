"""Step Functions: the machine's role decides what its tasks may do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.support.machines import Machines, definition

type Clients = Callable[[str], Any]


def task(resource: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}]


@pytest.fixture
def targets(client: Clients, name: str) -> dict[str, tuple[list[dict[str, Any]], str, str]]:
    """Integration -> its state, the action it takes, and the resource."""
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    table = client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )["TableDescription"]["TableArn"]
    bus = client("events").create_event_bus(Name=name)["EventBusArn"]
    entry = {"Source": "test", "DetailType": "test", "Detail": {}, "EventBusName": name}
    item = {"id": {"S": "1"}}
    return {
        "SNS.AuthorizationErrorException": (task("sns:publish", TopicArn=topic, Message="m"), "sns:Publish", topic),
        "SQS.AmazonSQSException": (task("sqs:sendMessage", QueueUrl=url, MessageBody="m"), "sqs:SendMessage", queue),
        "DynamoDB.AmazonDynamoDBException": (
            task("dynamodb:putItem", TableName=name, Item=item), "dynamodb:PutItem", table),
        "DynamoDb.DynamoDbException": (
            task("aws-sdk:dynamodb:getItem", TableName=name, Key=item), "dynamodb:GetItem", table),
        "Sqs.SqsException": (
            task("aws-sdk:sqs:purgeQueue", QueueUrl=url), "sqs:PurgeQueue", queue),
        "EventBridge.AmazonEventBridgeException": (task("events:putEvents", Entries=[entry]), "events:PutEvents", bus),
    }  # fmt: skip


INTEGRATIONS = (
    "SNS.AuthorizationErrorException",
    "SQS.AmazonSQSException",
    "DynamoDB.AmazonDynamoDBException",
    "DynamoDb.DynamoDbException",
    "Sqs.SqsException",
    "EventBridge.AmazonEventBridgeException",
)


@pytest.mark.parametrize("error", INTEGRATIONS)
def test_an_integration_needs_its_action_on_its_resource(
    machines: Machines, targets: dict[str, Any], error: str, engine: Engine
) -> None:
    states, action, resource = targets[error]
    denied = machines.once(states)
    assert (denied["status"], denied["error"]) == ("FAILED", error)
    assert f"is not authorized to perform: {action} on resource: {resource}" in denied["cause"]
    allowed = machines.once(states, {"Action": action, "Resource": resource})
    assert allowed["status"] == "SUCCEEDED", allowed
    logged = [d["decision"] for d in engine.decisions() if d["action"] == action and d["resource"] == resource]
    assert "ImplicitDeny" in logged
    assert "Allow" in logged


def test_a_function_is_invoked_by_the_alias_the_role_names(machines: Machines) -> None:
    function = "arn:aws:lambda:us-east-1:000000000000:function:nobody"
    states = task("lambda:invoke", FunctionName=f"{function}:live", Payload={})
    unqualified = machines.once(states, {"Action": "lambda:InvokeFunction", "Resource": function})
    assert unqualified["error"] == "Lambda.AWSLambdaException"
    qualified = machines.once(states, {"Action": "lambda:InvokeFunction", "Resource": f"{function}:live"})
    assert qualified["error"] == "Lambda.ResourceNotFoundException"


def test_a_nested_execution_needs_start_and_describe(machines: Machines) -> None:
    child = machines.make([{"Type": "Pass", "Output": {"answer": 42}}])
    states = task("states:startExecution.sync:2", StateMachineArn=child, Input={})
    rule = "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    managed = {"Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"], "Resource": rule}
    start = {"Action": "states:StartExecution", "Resource": child}
    with pytest.raises(ClientError, match="not authorized to create managed-rule"):
        machines.make(states, start)
    blind = machines.once(states, start, managed)
    assert "states:DescribeExecution" in blind["cause"]
    describe = {"Action": "states:DescribeExecution", "Resource": f"{child.replace('stateMachine', 'execution')}:*"}
    seeing = machines.once(states, start, managed, describe)
    assert json.loads(seeing["output"])["Output"] == {"answer": 42}
    [submitted] = [event for event in machines.events(seeing) if event["type"] == "TaskSubmitted"]
    assert "ExecutionArn" in submitted["taskSubmittedEventDetails"]["output"]


def test_a_failing_nested_execution_fails_its_task(machines: Machines) -> None:
    child = machines.make([{"Type": "Fail", "Error": "Child", "Cause": "tired"}])
    states = task("states:startExecution.sync:2", StateMachineArn=child, Input={})
    failed = machines.once(states, {"Action": "*", "Resource": "*"})
    assert failed["error"] == "States.TaskFailed"
    assert json.loads(failed["cause"])["Error"] == "Child"


def test_a_role_that_does_not_trust_step_functions_is_refused(machines: Machines, make_role: Any) -> None:
    with pytest.raises(ClientError, match=r"Neither the global service principal states\.amazonaws\.com"):
        machines.sfn.create_state_machine(
            name="untrusted",
            roleArn=make_role(trust="lambda.amazonaws.com"),
            definition=json.dumps(definition([{"Type": "Pass"}])),
        )


def test_logging_needs_the_log_delivery_actions(machines: Machines, client: Clients, name: str) -> None:
    client("logs").create_log_group(logGroupName=f"/aws/vendedlogs/states/{name}")
    group = f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/{name}:*"
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    with pytest.raises(ClientError, match="not authorized to access the Log Destination"):
        machines.make([{"Type": "Pass"}], loggingConfiguration=logging)


def test_an_encrypted_topic_needs_its_key_too(machines: Machines, client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    topic = client("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    states = task("sns:publish", TopicArn=topic, Message="m")
    publish = {"Action": "sns:Publish", "Resource": topic}
    refused = machines.once(states, publish)
    assert "kms:GenerateDataKey" in refused["cause"]
    use = {"Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": key}
    assert machines.once(states, publish, use)["status"] == "SUCCEEDED"
