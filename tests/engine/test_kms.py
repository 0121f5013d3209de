"""KMS: what is encrypted with a customer-managed key needs that key's permission too, through its service."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.denials import denied
from tests.engine.functions import LOGGING, Functions, zipped
from tests.engine.waiting import until

Clients = Callable[[str], Any]
AsRole = Callable[..., Any]
ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def key(client: Clients) -> str:
    return str(client("kms").create_key()["KeyMetadata"]["Arn"])


def through(service: str, key: str, *actions: str) -> dict[str, Any]:
    condition = {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}
    return {"Action": [f"kms:{action}" for action in actions], "Resource": key, "Condition": condition}


def refused(call: Callable[..., Any], missing: str, key: str, **arguments: Any) -> None:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    message = refusal.value.response["Error"]["Message"]
    assert f"is not authorized to perform: {missing} on resource: {key}" in message


@pytest.fixture
def bucket(client: Clients, name: str, key: str) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def test_objects(as_role: AsRole, client: Clients, bucket: str, key: str) -> None:
    version = client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"]
    objects = {"Action": actions, "Resource": f"arn:aws:s3:::{bucket}/*"}
    bare = as_role(objects)("s3")
    refused(bare.get_object, "kms:Decrypt", key, Bucket=bucket, Key="k")
    refused(bare.get_object, "kms:Decrypt", key, Bucket=bucket, Key="k", VersionId=version)
    refused(bare.put_object, "kms:GenerateDataKey", key, Bucket=bucket, Key="n", Body=b"x")
    elsewhere = as_role(objects, through("sqs", key, "Decrypt"))("s3")
    refused(elsewhere.get_object, "kms:Decrypt", key, Bucket=bucket, Key="k")
    full = as_role(objects, through("s3", key, "Decrypt", "GenerateDataKey"))("s3")
    full.put_object(Bucket=bucket, Key="n", Body=b"x")
    assert full.get_object(Bucket=bucket, Key="n")["Body"].read() == b"x"
    writer = as_role(objects, through("s3", key, "GenerateDataKey"))("s3")
    upload = writer.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    part = {"Bucket": bucket, "Key": "m", "PartNumber": 1, "UploadId": upload, "Body": b"x"}
    refused(writer.upload_part, "kms:Decrypt", key, **part)
    full.upload_part(**part)


def test_the_use_of_a_key_is_logged_with_its_service(as_role: AsRole, engine: Engine, bucket: str, key: str) -> None:
    writer = as_role({"Action": "s3:PutObject", "Resource": "*"}, through("s3", key, "GenerateDataKey"))
    writer("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    mine = [d for d in engine.decisions() if d["principal"] == writer.role_arn]
    assert [(d["action"], d["resource"], d["context"].get("kms:ViaService")) for d in mine] == [
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/k", None),
        ("kms:GenerateDataKey", key, "s3.us-east-1.amazonaws.com"),
    ]


def test_tables(as_role: AsRole, client: Clients, name: str, key: str) -> None:
    client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    put = {"Action": "dynamodb:PutItem", "Resource": "*"}
    item = {"TableName": name, "Item": {"id": {"S": "1"}}}
    refused(as_role(put)("dynamodb").put_item, "kms:Decrypt", key, **item)
    as_role(put, through("dynamodb", key, "Decrypt"))("dynamodb").put_item(**item)


def test_queues_and_topics(as_role: AsRole, client: Clients, name: str, key: str) -> None:
    url = client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    topic = client("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    send = {"Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"], "Resource": "*"}
    bare = as_role(send)
    refused(bare("sqs").send_message, "kms:GenerateDataKey", key, QueueUrl=url, MessageBody="m")
    refused(bare("sqs").receive_message, "kms:Decrypt", key, QueueUrl=url)
    refused(bare("sns").publish, "kms:GenerateDataKey", key, TopicArn=topic, Message="m")
    both = [through(service, key, "GenerateDataKey", "Decrypt") for service in ("sqs", "sns")]
    full = as_role(send, *both)
    full("sqs").send_message(QueueUrl=url, MessageBody="m")
    full("sns").publish(TopicArn=topic, Message="m")
    assert full("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "m"


def test_parameters_and_secrets(as_role: AsRole, client: Clients, name: str, key: str) -> None:
    client("ssm").put_parameter(Name=f"/{name}", Value="v", Type="SecureString", KeyId=key)
    client("secretsmanager").create_secret(Name=name, SecretString="s", KmsKeyId=key)
    read = {"Action": ["ssm:GetParameter", "ssm:GetParameters", "secretsmanager:GetSecretValue"], "Resource": "*"}
    bare = as_role(read)
    refused(bare("ssm").get_parameter, "kms:Decrypt", key, Name=f"/{name}", WithDecryption=True)
    refused(bare("ssm").get_parameters, "kms:Decrypt", key, Names=[f"/{name}"], WithDecryption=True)
    refused(bare("secretsmanager").get_secret_value, "kms:Decrypt", key, SecretId=name)
    full = as_role(read, *[through(service, key, "Decrypt") for service in ("ssm", "secretsmanager")])
    assert full("ssm").get_parameter(Name=f"/{name}", WithDecryption=True)["Parameter"]["Value"] == "v"
    assert full("secretsmanager").get_secret_value(SecretId=name)["SecretString"] == "s"


def test_a_key_is_decided_by_its_arn_when_asked_for_by_its_alias(as_role: AsRole, client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
    kms = as_role({"Action": "kms:Encrypt", "Resource": key["Arn"]})("kms")
    assert kms.encrypt(KeyId=f"alias/{name}", Plaintext=b"x")["CiphertextBlob"]


def test_a_service_that_delivers_to_an_encrypted_queue_needs_the_keys_policy(client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    service = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**service, "Action": "sqs:SendMessage"}]})
    url = client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key["Arn"], "Policy": policy})
    client("events").put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    client("events").put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn}])
    event = {"Source": name, "DetailType": "d", "Detail": "{}"}
    client("events").put_events(Entries=[event])
    assert "Messages" not in client("sqs").receive_message(QueueUrl=url["QueueUrl"])
    root = {**service, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    use = {**service, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]}
    statements = json.dumps({"Version": "2012-10-17", "Statement": [root, use]})
    client("kms").put_key_policy(KeyId=key["KeyId"], Policy=statements, PolicyName="default")
    client("events").put_events(Entries=[event])
    assert client("sqs").receive_message(QueueUrl=url["QueueUrl"])["Messages"]


def test_a_topic_that_delivers_to_an_encrypted_queue_needs_the_keys_policy(client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Action": "sqs:SendMessage"}]})
    url = client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key, "Policy": policy})["QueueUrl"]
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}")
    client("sns").publish(TopicArn=topic, Message="m")
    assert "Messages" not in client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1)


def test_a_log_groups_key_must_let_logs_use_it_for_that_group(client: Clients, name: str) -> None:
    def key(group: str) -> str:
        condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:{group}"}}
        logs = {"Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Condition": condition}
        statement = {**logs, "Action": ["kms:Encrypt*", "kms:Decrypt*"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return str(client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])

    with pytest.raises(ClientError, match="is not allowed to be used with Arn"):
        client("logs").create_log_group(logGroupName=name, kmsKeyId=key("log-group:other"))
    client("logs").create_log_group(logGroupName=name, kmsKeyId=key("log-group:*"))


def test_an_encryption_context_can_be_a_condition(as_role: AsRole, key: str) -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:purpose": "test"}}
    kms = as_role({"Action": "kms:Encrypt", "Resource": key, "Condition": condition})("kms")
    assert kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"purpose": "test"})["CiphertextBlob"]
    refused(kms.encrypt, "kms:Encrypt", key, KeyId=key, Plaintext=b"x", EncryptionContext={"purpose": "other"})


def test_polling_an_encrypted_queue_needs_the_functions_permission(
    client: Clients, functions: Functions, make_role: Callable[..., str], name: str, key: str
) -> None:
    url = client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    poll = {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": arn}

    def mapping(role: str) -> Any:
        function = functions.make("def handler(event, context): print('got', event['Records'][0]['body'])", Role=role)
        client("lambda").create_event_source_mapping(FunctionName=function, EventSourceArn=arn)
        return function

    for statements, missing in (([], "ReceiveMessage"), ([poll], "Decrypt")):
        with pytest.raises(ClientError, match=f"does not have permissions to call {missing} on SQS"):
            mapping(make_role(*statements))
    function = mapping(make_role(poll, LOGGING, through("sqs", key, "Decrypt")))
    client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    assert until(lambda: "got hello" in functions.log(function) if log_exists(client, function) else False)


def log_exists(client: Clients, function: str) -> bool:
    return bool(client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"])


def test_polling_stops_when_the_permission_goes(
    client: Clients, functions: Functions, make_role: Callable[..., str], name: str
) -> None:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    poll = {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": arn}
    role = make_role(poll)
    function = functions.make("def handler(event, context): pass", Role=role)
    settings = {"FunctionName": function, "EventSourceArn": arn, "Enabled": False}
    mapping = client("lambda").create_event_source_mapping(**settings)["UUID"]
    client("iam").delete_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyName="permissions")
    client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
    client("sqs").send_message(QueueUrl=url, MessageBody="m")
    found = lambda: client("lambda").get_event_source_mapping(UUID=mapping)["LastProcessingResult"]  # noqa: E731
    until(lambda: "sqs:ReceiveMessage" in found())
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert attributes["Attributes"]["ApproximateNumberOfMessages"] == "1"


def test_a_queue_must_hide_messages_as_long_as_the_function_may_run(
    client: Clients, functions: Functions, make_role: Callable[..., str], name: str
) -> None:
    client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "5"})
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    function = functions.make("def handler(e, c): pass", Role=make_role({"Action": "sqs:*", "Resource": arn}))
    with pytest.raises(ClientError, match="visibility timeout: 5 seconds is less than Function timeout: 10 seconds"):
        client("lambda").create_event_source_mapping(FunctionName=function, EventSourceArn=arn)


def test_whoever_hands_lambda_a_zip_in_s3_must_be_able_to_read_it(
    as_role: AsRole, client: Clients, make_role: Callable[..., str], bucket: str, key: str
) -> None:
    name = bucket
    client("s3").put_object(Bucket=bucket, Key="f.zip", Body=zipped({"f.py": ""}))
    place = {"S3Bucket": bucket, "S3Key": "f.zip"}
    settings = {"Runtime": "python3.13", "Handler": "f.h", "Role": make_role(), "Code": place}
    make = {"Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/f.zip"}
    blind, keyless = as_role(make)("lambda"), as_role(make, read)("lambda")
    assert "s3:GetObject" in denied(blind.create_function, FunctionName=name, **settings)
    refused(keyless.create_function, "kms:Decrypt", key, FunctionName=name, **settings)
    able = as_role(make, read, through("s3", key, "Decrypt"))("lambda")
    able.create_function(FunctionName=name, **settings)
    able.publish_layer_version(LayerName=name, Content=place)
    assert "s3:GetObject" in denied(blind.update_function_code, FunctionName=name, **place)
    assert "s3:GetObject" in denied(blind.publish_layer_version, LayerName=name, Content=place)
    blind.create_function(FunctionName=f"{name}-inline", **settings | {"Code": {"ZipFile": zipped({"f.py": ""})}})


def test_a_keys_policy_can_refuse_an_account_but_for_one_role(as_role: AsRole, client: Clients) -> None:
    signing = {"Action": ["kms:DescribeKey", "kms:Sign"], "Resource": "*"}
    signer, other = as_role(signing), as_role(signing)
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    but = {"ArnNotEquals": {"aws:PrincipalArn": signer.role_arn}}
    statements = [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": account},
        {"Effect": "Deny", "Action": "kms:Sign", "Resource": "*", "Principal": account, "Condition": but},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256", Policy=policy)["KeyMetadata"]["Arn"]
    sign = {"KeyId": key, "Message": bytes(32), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert signer("kms").sign(**sign)["Signature"]
    assert other("kms").describe_key(KeyId=key)
    assert "explicit deny" in denied(other("kms").sign, **sign)
