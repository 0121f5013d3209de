"""IAM: denials, the decision log, and policies that AWS would not refuse."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.denials import ARN, denied
from tests.engine.functions import Functions, zipped

Clients = Callable[[str], Any]
AsRole = Callable[..., Any]


def document(statement: dict[str, Any]) -> str:
    """Return a policy document of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_denial_names_principal_action_and_resource(as_role: AsRole, name: str) -> None:
    clients = as_role()
    role = clients.role_arn.rsplit("/", 1)[1]
    assert denied(clients("dynamodb").get_item, TableName=name, Key={"id": {"S": "1"}}) == (
        f"User: arn:aws:sts::000000000000:assumed-role/{role}/test is not authorized to perform: dynamodb:GetItem "
        f"on resource: {ARN.format('dynamodb', f'table/{name}')} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )


def test_a_denial_names_the_kind_of_policy_that_refused(as_role: AsRole, client: Clients, name: str) -> None:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = ARN.format("sqs", name)
    clients = as_role({"Action": "sqs:*", "Resource": "*"})
    role = clients.role_arn.rsplit("/", 1)[1]
    statement = {"Effect": "Allow", "Action": "sqs:GetQueueUrl", "Resource": "*"}
    policy = client("iam").create_policy(PolicyName=name, PolicyDocument=document(statement))["Policy"]["Arn"]
    client("iam").put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy)
    sentence = denied(clients("sqs").receive_message, QueueUrl=url)
    assert "because no permissions boundary allows the sqs:ReceiveMessage action" in sentence
    client("iam").delete_role_permissions_boundary(RoleName=role)
    clients("sqs").receive_message(QueueUrl=url)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:ReceiveMessage", "Resource": arn}
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(statement)})
    assert "with an explicit deny in a resource-based policy" in denied(clients("sqs").receive_message, QueueUrl=url)


def test_a_key_s_policy_has_to_allow(as_role: AsRole, client: Clients) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": ARN.format("iam", "user/nobody")}, "Action": "kms:*"}
    key = client("kms").create_key(Policy=document({**statement, "Resource": "*"}))["KeyMetadata"]["Arn"]
    kms = as_role({"Action": "kms:GenerateDataKey", "Resource": key})("kms")
    sentence = denied(kms.generate_data_key, KeyId=key, KeySpec="AES_256")
    assert "because no resource-based policy allows the kms:GenerateDataKey action" in sentence


def test_every_decision_about_a_role_is_logged(as_role: AsRole, client: Clients, engine: Engine, name: str) -> None:
    client("sqs").create_queue(QueueName=name)
    clients = as_role({"Action": "sqs:GetQueueUrl", "Resource": ARN.format("sqs", name)})
    url = clients("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    denied(clients("sqs").receive_message, QueueUrl=url)
    mine = [d for d in engine.decisions() if d["principal"] == clients.role_arn]
    found = [(d["action"], d["resource"], d["decision"], d["via"]) for d in mine]
    arn = ARN.format("sqs", name)
    assert found == [
        ("sqs:GetQueueUrl", arn, "Allow", "api"),
        ("sqs:ReceiveMessage", arn, "ImplicitDeny", "api"),
    ]
    assert mine[0]["time"] <= mine[1]["time"]
    assert {d["context"]["aws:ResourceAccount"] for d in mine} == {"000000000000"}


def test_a_functions_role_is_logged(functions: Functions, engine: Engine, make_role: Callable[..., str]) -> None:
    source = "import urllib.request\ndef handler(event, context): return 1"
    role = make_role()
    functions.invoke(functions.make(source, Role=role))
    assert {d["principal"] for d in engine.decisions() if d["principal"] == role} == {role}


def test_log_group_policies_with_the_star_suffix(as_role: AsRole, client: Clients, name: str) -> None:
    client("logs").create_log_group(logGroupName=name)
    group = ARN.format("logs", f"log-group:{name}")
    logs = as_role({"Action": ["logs:CreateLogStream", "logs:DescribeLogStreams"], "Resource": f"{group}:*"})("logs")
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    assert logs.describe_log_streams(logGroupName=name)["logStreams"][0]["logStreamName"] == "s"
    one = as_role({"Action": "logs:CreateLogStream", "Resource": f"{group}:log-stream:mine"})("logs")
    one.create_log_stream(logGroupName=name, logStreamName="mine")
    assert f"{group}:log-stream:other" in denied(one.create_log_stream, logGroupName=name, logStreamName="other")


def test_parameters_are_decided_by_name_and_path(as_role: AsRole, client: Clients, name: str) -> None:
    for leaf in ("a", "b"):
        client("ssm").put_parameter(Name=f"/{name}/{leaf}", Value=leaf, Type="String")
    actions = ["ssm:GetParameters", "ssm:GetParametersByPath"]
    ssm = as_role({"Action": actions, "Resource": ARN.format("ssm", f"parameter/{name}/a")})("ssm")
    assert ssm.get_parameters(Names=[f"/{name}/a"])["Parameters"][0]["Value"] == "a"
    denied(ssm.get_parameters, Names=[f"/{name}/a", f"/{name}/b"])
    denied(ssm.get_parameters_by_path, Path=f"/{name}")
    all_of_it = as_role({"Action": actions, "Resource": ARN.format("ssm", f"parameter/{name}")})("ssm")
    assert len(all_of_it.get_parameters_by_path(Path=f"/{name}")["Parameters"]) == 2


def test_metrics_are_decided_by_namespace(as_role: AsRole) -> None:
    condition = {"StringEquals": {"cloudwatch:namespace": "mine"}}
    cloudwatch = as_role({"Action": "cloudwatch:PutMetricData", "Resource": "*", "Condition": condition})("cloudwatch")
    cloudwatch.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 1}])
    denied(cloudwatch.put_metric_data, Namespace="other", MetricData=[{"MetricName": "m", "Value": 1}])


def test_a_function_is_made_by_its_name(as_role: AsRole, make_role: Callable[..., str], name: str) -> None:
    role = make_role()
    making = {
        "Action": ["lambda:CreateFunction", "iam:PassRole"],
        "Resource": [ARN.format("lambda", f"function:{name}"), role],
    }
    settings = {
        "Role": role,
        "Runtime": "python3.13",
        "Handler": "function.handler",
        "Code": {"ZipFile": zipped({"function.py": "def handler(event, context): return 1"})},
    }
    function = as_role(making)("lambda")
    assert function.create_function(FunctionName=name, **settings)["FunctionName"] == name
    other = f"{name}-other"
    assert ARN.format("lambda", f"function:{other}") in denied(function.create_function, FunctionName=other, **settings)


def test_batches_are_decided_by_table(as_role: AsRole, client: Clients, name: str) -> None:
    for table in (name, f"{name}-other"):
        client("dynamodb").create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    resource = ARN.format("dynamodb", f"table/{name}")
    dynamodb = as_role({"Action": "dynamodb:BatchWriteItem", "Resource": resource})("dynamodb")
    put = [{"PutRequest": {"Item": {"id": {"S": "1"}}}}]
    dynamodb.batch_write_item(RequestItems={name: put})
    assert f"table/{name}-other" in denied(dynamodb.batch_write_item, RequestItems={name: put, f"{name}-other": put})


def test_items_are_decided_by_partition_key(as_role: AsRole, client: Clients, name: str) -> None:
    client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("owner", "id")],
        KeySchema=[
            {"AttributeName": "owner", "KeyType": "HASH"},
            {"AttributeName": "id", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["me"]}}
    actions = ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchWriteItem"]
    dynamodb = as_role({"Action": actions, "Resource": "*", "Condition": condition})("dynamodb")
    mine, yours = ({"owner": {"S": owner}, "id": {"S": "1"}} for owner in ("me", "you"))
    dynamodb.put_item(TableName=name, Item=mine)
    dynamodb.get_item(TableName=name, Key=mine)
    dynamodb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": mine}}]})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": mine}}])
    denied(dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": name, "Item": yours}}])
    denied(dynamodb.put_item, TableName=name, Item=yours)
    denied(dynamodb.get_item, TableName=name, Key=yours)
    requests = [{"PutRequest": {"Item": item}} for item in (mine, yours)]
    denied(dynamodb.batch_write_item, RequestItems={name: requests})
    query = {"TableName": name, "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"}}
    assert dynamodb.query(**query, ExpressionAttributeValues={":o": {"S": "me"}})["Count"] == 1
    denied(dynamodb.query, **query, ExpressionAttributeValues={":o": {"S": "you"}})


def test_a_version_of_an_object_is_an_action_of_its_own(as_role: AsRole, client: Clients, name: str) -> None:
    client("s3").create_bucket(Bucket=name)
    client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = client("s3").put_object(Bucket=name, Key="k", Body=b"x")["VersionId"]
    resource = f"arn:aws:s3:::{name}/*"
    s3 = as_role({"Action": "s3:GetObject", "Resource": resource})("s3")
    s3.get_object(Bucket=name, Key="k")
    assert "s3:GetObjectVersion" in denied(s3.get_object, Bucket=name, Key="k", VersionId=version)
    as_role({"Action": "s3:GetObjectVersion", "Resource": resource})("s3").get_object(
        Bucket=name, Key="k", VersionId=version
    )


def test_starting_an_alias_is_decided_on_the_machine_with_its_qualifier(
    as_role: AsRole, make_role: Callable[..., str], client: Clients, name: str
) -> None:
    states = client("stepfunctions")
    settings = {"name": name, "roleArn": make_role(trust="states.amazonaws.com"), "definition": json.dumps(MACHINE)}
    made = states.create_state_machine(**settings, publish=True)
    routing = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=routing)["stateMachineAliasArn"]
    condition = {"StringEquals": {"states:StateMachineQualifier": "live"}}
    start = {"Action": "states:StartExecution", "Resource": made["stateMachineArn"], "Condition": condition}
    caller = as_role(start)("stepfunctions")
    assert caller.start_execution(stateMachineArn=alias)["executionArn"]
    denied(caller.start_execution, stateMachineArn=made["stateMachineArn"])


def test_invoking_an_alias_is_decided_on_the_alias(as_role: AsRole, functions: Functions) -> None:
    name = functions.make("def handler(event, context): return context.invoked_function_arn")
    alias = functions.alias(name)
    caller = as_role({"Action": "lambda:InvokeFunction", "Resource": alias})("lambda")
    for reference in ({"FunctionName": name, "Qualifier": "live"}, {"FunctionName": alias}):
        assert json.loads(caller.invoke(**reference)["Payload"].read()) == alias
    denied(caller.invoke, FunctionName=name)


def test_what_a_deployment_reads_is_decided_by_resource(
    as_role: AsRole, client: Clients, functions: Functions, name: str
) -> None:
    function = functions.make("")
    functions.alias(function)
    layer = functions.layer({"python/x.py": ""})
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queue = ARN.format("sqs", name)
    subscription = client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    clients = as_role(
        {"Action": ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig"], "Resource": "*"},
        {"Action": "lambda:GetLayerVersion", "Resource": layer},
        {"Action": ["sns:ListTagsForResource", "sns:GetSubscriptionAttributes"], "Resource": topic},
        {"Action": "kms:CreateAlias", "Resource": [key, ARN.format("kms", f"alias/{name}")]},
        {"Action": "cloudwatch:DescribeAlarms", "Resource": ARN.format("cloudwatch", f"alarm:{name}")},
        {"Action": "events:PutRule", "Resource": ARN.format("events", f"rule/{name}")},
        {"Action": "iam:CreateRole", "Resource": "*", "Condition": bounded},
    )
    clients("lambda").get_alias(FunctionName=function, Name="live")
    clients("lambda").get_layer_version(LayerName=layer.rsplit(":", 1)[0], VersionNumber=1)
    clients("sns").list_tags_for_resource(ResourceArn=topic)
    clients("sns").get_subscription_attributes(SubscriptionArn=subscription)
    clients("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    clients("cloudwatch").describe_alarms(AlarmNames=[name])
    clients("events").put_rule(Name=name, EventPattern='{"source": ["x"]}')
    role = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": []})}
    denied(clients("iam").create_role, **role)
    client("iam").get_policy(PolicyArn=boundary)
    clients("iam").create_role(**role, PermissionsBoundary=boundary)


def test_alarms_are_decided_by_name_whatever_is_done_to_them(as_role: AsRole, client: Clients, name: str) -> None:
    for alarm in (f"{name}-mine", f"{name}-other"):
        client("cloudwatch").put_metric_alarm(
            AlarmName=alarm,
            Namespace="n",
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    mine, other = (ARN.format("cloudwatch", f"alarm:{name}-{whose}") for whose in ("mine", "other"))
    actions = [f"cloudwatch:{verb}" for verb in ("DeleteAlarms", "ListTagsForResource", "TagResource", "UntagResource")]
    cloudwatch = as_role({"Action": actions, "Resource": mine})("cloudwatch")
    cloudwatch.tag_resource(ResourceARN=mine, Tags=[{"Key": "a", "Value": "b"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=mine)["Tags"] == [{"Key": "a", "Value": "b"}]
    cloudwatch.untag_resource(ResourceARN=mine, TagKeys=["a"])
    assert other in denied(cloudwatch.list_tags_for_resource, ResourceARN=other)
    assert other in denied(cloudwatch.delete_alarms, AlarmNames=[f"{name}-mine", f"{name}-other"])
    cloudwatch.delete_alarms(AlarmNames=[f"{name}-mine"])


def test_a_policy_about_a_role_names_the_role_not_its_session(as_role: AsRole, client: Clients, name: str) -> None:
    send = {"Action": "sqs:SendMessage", "Resource": "*"}
    mine, other = as_role(send), as_role(send)
    condition = {"ArnNotEquals": {"aws:PrincipalArn": mine.role_arn}}
    everyone = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everyone]})
    url = client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    assert mine("sqs").send_message(QueueUrl=url, MessageBody="m")["MessageId"]
    with pytest.raises(ClientError, match="explicit deny"):
        other("sqs").send_message(QueueUrl=url, MessageBody="m")


MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
