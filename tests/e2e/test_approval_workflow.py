"""The approval workflow end to end: every outcome, and every way in which a decision must not be made."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from scripts.people import caller
from scripts.signed_http import Answer, send
from tests.e2e.approvals import HOST, Approvals, decide, look, wait
from tests.support import privileges
from tests.support.applied import Applied
from tests.support.documents import roles

APPROVERS = ("bert", "cleo", "dana")
CLICKS = 100
RUN = {
    "run_id": "0123456789ab-00000001",
    "repository": "platform",
    "branch": "main",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "environment": "local",
    "pusher": "arn:aws:iam::000000000000:user/bert",
    "author": "Bert <bert@example.com>",
    "message": "Speed up the reports",
    "approvers": list(APPROVERS),
    "needed": 2,
}


def test_an_approved_host_is_launched_as_it_should_be_and_ended_in_time(desk: Approvals) -> None:
    request_id = desk.submit()
    desk.approve(request_id, "bert", "cleo")
    outcome = desk.mail(request_id, "ada", "outcome")
    [host] = desk.instances(request_id)
    assert host["InstanceId"] in outcome.message
    assert host["InstanceType"] == "t3.micro"
    assert host["MetadataOptions"]["HttpTokens"] == "required"
    assert "PublicIpAddress" not in host
    assert "IamInstanceProfile" in host
    tags = {tag["Key"]: tag["Value"] for tag in host["Tags"]}
    assert tags["request-id"] == request_id
    assert tags["owner"] == "ada"
    assert tags["ends-at"] == desk.request(request_id)["ends_at"]
    [disk] = desk.ec2.describe_volumes(VolumeIds=[host["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"]
    assert (disk["Encrypted"], disk["VolumeType"]) == (True, "gp3")
    assert desk.mail(request_id, "ada", "warning")
    assert desk.mail(request_id, "ada", "ended")
    assert desk.ended(request_id) == "Approved"
    [host] = desk.instances(request_id)
    assert host["State"]["Name"] in ("shutting-down", "terminated")
    assert desk.request(request_id)["status"] == "ENDED"


def test_a_host_s_parameters_are_published_and_removed_with_it(desk: Approvals) -> None:
    request_id = desk.submit(hours=2)
    desk.approve(request_id, "bert", "dana")
    desk.mail(request_id, "ada", "outcome")
    path = f"{desk.outputs['hosts_path']}/{request_id}"
    found = desk.ssm.get_parameters_by_path(Path=path)["Parameters"]
    values = {parameter["Name"].rsplit("/", 1)[-1]: parameter["Value"] for parameter in found}
    assert values["owner"] == "ada"
    assert values["purpose"] == HOST["purpose"]
    assert values["instance-id"] == desk.request(request_id)["instance_id"]
    assert desk.ended(request_id) == "Approved"
    assert not desk.ssm.get_parameters_by_path(Path=path)["Parameters"]


def test_a_host_reads_its_own_parameters_and_no_other_s(desk: Approvals, engine: Engine) -> None:
    mine, other = desk.submit(hours=3), desk.submit(hours=3)
    for request_id in (mine, other):
        desk.approve(request_id, "bert", "dana")
        desk.mail(request_id, "ada", "outcome")
    ssm = desk.on_host(engine, mine).client("ssm", endpoint_url=engine.url)
    owner = f"{desk.outputs['hosts_path']}/{mine}/owner"
    assert ssm.get_parameter(Name=owner)["Parameter"]["Value"] == "ada"
    assert ssm.get_parameters(Names=[owner])["Parameters"][0]["Value"] == "ada"
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.get_parameter(Name=f"{desk.outputs['hosts_path']}/{other}/owner")


def test_the_audit_trail_tells_who_did_what_when_and_from_where(desk: Approvals) -> None:
    request_id = desk.submit()
    desk.approve(request_id, "cleo", "dana")
    assert desk.ended(request_id) == "Approved"
    told = Counter(desk.trail(request_id))
    assert told["SUBMITTED"] == told["VALIDATED"] == 1
    assert told["APPROVED_BY"] == 2
    assert told["ENDED"] == 1


def test_no_role_may_change_what_the_audit_trail_says(desk: Approvals, local: Applied) -> None:
    iam, table = (
        desk.deployment.client("iam"),
        f"arn:aws:dynamodb:us-east-1:000000000000:table/{desk.outputs['audit_table']}",
    )
    granted = [grant for role in roles(local) for grant in privileges.grants(iam, role)]
    on_the_trail = {grant.action for grant in granted if fnmatchcase(table, grant.resource)}
    writing = {action for action in on_the_trail if action.startswith("dynamodb:")}
    assert writing == {"dynamodb:PutItem"}, "conditional, as the unit tests show"


def test_the_access_log_tells_of_each_call_and_holds_no_link(desk: Approvals) -> None:
    request_id = desk.submit()
    link = desk.link(request_id, "bert")
    assert decide(link, "deny").status == 200
    logs = desk.deployment.client("logs")
    pages = logs.get_paginator("filter_log_events")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/apigateway/workflows-local-approval-workflow")[
        "logGroups"
    ]

    def lines() -> list[str]:
        found = pages.paginate(logGroupName=groups[0]["logGroupName"])
        return [event["message"] for page in found for event in page["events"]]

    wait(lambda: any(json.loads(line)["route"] == "/decisions/{link}" for line in lines()))
    assert {"POST", "GET"} >= {json.loads(line)["method"] for line in lines()} - {"HEAD"}
    assert link.rpartition("/")[2] not in "".join(lines())


def test_one_approval_is_not_enough(desk: Approvals) -> None:
    request_id = desk.submit()
    desk.approve(request_id, "bert")
    assert desk.request(request_id)["status"] == "PENDING"
    desk.approve(request_id, "dana")
    wait(lambda: desk.request(request_id)["status"] != "PENDING")
    assert desk.ended(request_id) == "Approved"


def test_one_denial_is_enough(desk: Approvals) -> None:
    request_id = desk.submit()
    links = {name: desk.link(request_id, name) for name in APPROVERS}
    assert decide(links["bert"], "approve").status == 200
    assert decide(links["dana"], "deny", "not this month").status == 200
    assert decide(links["cleo"], "approve").status == 409
    assert desk.ended(request_id) == "Rejected"
    assert desk.mail(request_id, "ada", "outcome").subject.endswith("rejected")
    assert not desk.instances(request_id)


def test_what_the_policy_does_not_allow_is_invalid_and_says_why(desk: Approvals) -> None:
    request_id = desk.submit(hours=8000, instance_type="x1e.32xlarge")
    assert desk.ended(request_id) == "Invalid"
    message = desk.mail(request_id, "ada", "outcome").message
    assert "8000" in message
    assert "x1e.32xlarge" in message
    assert desk.trail(request_id)[-1] == "INVALID"


def test_nobody_the_policy_does_not_know_gets_a_host(desk: Approvals) -> None:
    answer = desk.post(HOST, by=caller(desk.deployment, "mallory"))
    request_id = json.loads(answer.text)["request_id"]
    assert desk.ended(request_id) == "Invalid"


def test_nobody_decides_on_their_own_request(desk: Approvals) -> None:
    answer = desk.post(HOST, by=caller(desk.deployment, "bert"))
    request_id = json.loads(answer.text)["request_id"]
    links = {name: desk.link(request_id, name) for name in ("cleo", "dana")}
    assert "bert" not in desk.request(request_id)["approvers"]
    assert decide(links["cleo"], "deny").status == 200
    assert desk.ended(request_id) == "Rejected"


def test_a_pipeline_asks_about_a_deployment_whoever_did_not_push_it(desk: Approvals) -> None:
    event = {"run": RUN, "plan": {"summary": "1 to add, 0 to change, 0 to destroy", "address": "s3://runs/plan.txt"}}
    opened = desk.invoke("open_decision", event)
    request_id = opened["request_id"]
    assert desk.invoke("open_decision", event) == opened
    asked = desk.invoke("ask_approvers", {"request_id": request_id, "round": 0, "task_token": "of another machine"})
    assert asked == {"asked": ["cleo", "dana"]}
    link = desk.link(request_id, "cleo")
    assert event["plan"]["summary"] in look(link).text
    assert decide(link, "approve").status == 200
    desk.approve(request_id, "dana")
    assert desk.invoke("close_request", {"request_id": request_id}) == {"status": "APPROVED"}
    assert desk.trail(request_id) == ["SUBMITTED", "ASKED", "APPROVED_BY", "APPROVED_BY"]
    other = desk.invoke("open_decision", event | {"plan": event["plan"] | {"summary": "9 to destroy"}})
    assert other["errorType"] == "AnotherPlan"


@pytest.mark.parametrize(
    "wish",
    [{}, HOST | {"hours": 0}, HOST | {"hours": "8"}, HOST | {"surprise": 1}, HOST | {"purpose": ""}, [HOST], "text"],
    ids=lambda wish: json.dumps(wish)[-24:],
)
def test_the_gateway_refuses_what_is_no_request(desk: Approvals, wish: object) -> None:
    assert desk.post(wish).status == 400


def test_requests_have_to_be_signed_by_someone_who_may(desk: Approvals) -> None:
    url = f"{desk.outputs['api_url']}/requests"
    unsigned = send("POST", url, json.dumps(HOST), **{"Content-Type": "application/json"})
    assert (unsigned.status, "Missing Authentication Token" in unsigned.text) == (403, True)
    eve = caller(desk.deployment, "eve")
    desk.deployment.client("iam").delete_user_policy(UserName="eve", PolicyName="ask-for-hosts")
    assert desk.post(HOST, by=eve).status == 403


def test_the_requester_may_see_the_request_and_nobody_else(desk: Approvals) -> None:
    request_id = desk.submit()
    url = f"{desk.outputs['api_url']}/requests/{request_id}"
    answer = desk.ada.call("GET", url)
    assert answer.status == 200
    assert json.loads(answer.text)["status"] == "PENDING"
    assert "token" not in answer.text
    assert caller(desk.deployment, "bert").call("GET", url).status == 404
    desk.approve(request_id, "bert", "cleo")


def test_the_same_key_gives_the_same_answer_and_one_execution(desk: Approvals) -> None:
    key = {"Idempotency-Key": "order-4711"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: desk.post(HOST, **key), range(20)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    request_id = json.loads(answers[0].text)["request_id"]
    other = desk.post(HOST | {"hours": 2}, **key)
    assert other.status == 422
    assert json.loads(other.text)["error"]["code"] == "idempotency_key_reused"
    pages = desk.states.get_paginator("list_executions").paginate(stateMachineArn=desk.outputs["state_machine_arn"])
    names = [execution["name"] for page in pages for execution in page["executions"]]
    assert names.count(request_id) == 1
    assert decide(desk.link(request_id, "bert"), "deny").status == 200


def test_scanners_that_follow_links_change_nothing(desk: Approvals) -> None:
    request_id = desk.submit()
    links = [desk.link(request_id, name) for name in APPROVERS]
    before, trail = desk.request(request_id), desk.trail(request_id)
    for link in links * 3:
        page = look(link)
        assert page.status == 200
        assert "<script" not in page.text
        assert send("HEAD", link).status in (200, 403, 404)
    assert (desk.request(request_id), desk.trail(request_id)) == (before, trail)
    assert decide(links[0], "deny").status == 200
    assert "already" in look(links[1]).text


def test_a_hundred_clicks_at_once_are_one_decision(desk: Approvals) -> None:
    request_id = desk.submit()
    link = desk.link(request_id, "bert")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: decide(link, "approve" if number % 2 else "deny"), range(CLICKS)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: CLICKS - 1}
    votes = [what for what in desk.trail(request_id) if what in ("APPROVED_BY", "DENIED_BY")]
    assert len(votes) == 1
    if desk.request(request_id)["status"] == "PENDING":
        assert decide(desk.link(request_id, "cleo"), "deny").status == 200
    assert desk.ended(request_id) == "Rejected"


def refused(link: str) -> set[int]:
    """Return how looking and deciding are answered."""
    answers: list[Answer] = [look(link), decide(link, "approve"), decide(link, "deny")]
    assert all("<html" in answer.text for answer in answers), "also an error is a page"
    return {answer.status for answer in answers}


def test_forged_and_unknown_links_change_nothing(desk: Approvals) -> None:
    request_id = desk.submit()
    mine, other = desk.link(request_id, "bert"), desk.link(request_id, "cleo")
    before = desk.request(request_id)
    base, _, token = mine.rpartition("/")
    link_id, _, signature = token.partition(".")
    foreign = other.rpartition("/")[2].partition(".")[2]
    swapped = signature[::-1]
    for forged in (
        f"{link_id}.{swapped}",
        f"{link_id}.{foreign}",
        f"{link_id}.",
        link_id,
        f"{link_id}.{signature[:-2]}",
    ):
        assert refused(f"{base}/{forged}") <= {403, 404}
    assert refused(f"{base}/AAAAAAAAAAAAAAAAAAAAAA.{signature}") == {404}
    assert decide(mine, "perhaps").status == 400
    assert desk.request(request_id) == before
    assert decide(mine, "deny").status == 200
    assert decide(mine, "deny").status == 409, "a replayed click"


def test_without_an_answer_people_are_reminded_and_the_request_expires(desk: Approvals) -> None:
    with desk.policy.changed(deadline_seconds=7, reminders=2):
        request_id = desk.submit()
        link = desk.link(request_id, "bert")
        assert decide(desk.link(request_id, "cleo"), "approve").status == 200
        assert desk.mail(request_id, "bert", "reminder")
        assert desk.mail(request_id, "bert", "reminder")
        assert desk.ended(request_id) == "Expired"
    assert not desk.inbox.wait_for(request_id, 0.1, recipient="cleo", kind="reminder"), "who has voted is left alone"
    assert refused(link) == {410}
    assert desk.mail(request_id, "ada", "outcome").subject.endswith("expired")
    assert not desk.instances(request_id)


def test_an_approved_extension_moves_the_end(desk: Approvals) -> None:
    first = desk.submit(hours=3)
    desk.approve(first, "bert", "cleo")
    desk.mail(first, "ada", "outcome")
    end = desk.request(first)["ends_at"]
    second = desk.extend(first, hours=1)
    desk.approve(second, "bert", "cleo")
    assert desk.ended(second) == "Approved"
    assert desk.request(first)["ends_at"] > end
    assert not desk.instances(second)
    assert desk.ended(first) == "Approved"
    assert "IsExtended" in desk.entered(first)


def test_links_outlive_one_rotation_of_the_key_and_not_two(desk: Approvals) -> None:
    secrets = desk.deployment.client("secretsmanager")
    request_id = desk.submit()
    links = [desk.link(request_id, name) for name in APPROVERS]
    for expected in (200, 403):
        key = secrets.get_random_password(PasswordLength=64, ExcludePunctuation=True)["RandomPassword"]
        secrets.put_secret_value(SecretId=desk.outputs["link_key_secret"], SecretString=key)
        assert look(links[0]).status == expected
    fresh = desk.submit()
    assert decide(desk.link(fresh, "bert"), "deny").status == 200
