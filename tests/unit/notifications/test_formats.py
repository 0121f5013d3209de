"""What is posted is what Slack and Teams document, however long and odd the notification is, and calls nobody."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain import slack, teams
from notifications.domain.incoming import incoming
from notifications.domain.notification import Notification
from notifications.domain.reading import read
from notifications.domain.severity import Severity
from scripts.chat.contract import problems

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
BAD = '<!channel> <@U1> <#C1> </a> & [evil](http://evil) <at>Ada</at> @here {{DATE(2026-11-23)}} "\\ \u202e'
TEXT = st.text(max_size=60) | st.sampled_from(
    [BAD, "&" * 5000, "🔴" * 9000, '"' * 30_000, "\x01" * 9000, "a b\n" * 9000]
)
NOTIFICATIONS = st.builds(
    Notification,
    kind=st.sampled_from(["alarm", "other"]),
    source=TEXT,
    severity=st.sampled_from(list(Severity)),
    title=TEXT,
    text=TEXT,
    facts=st.lists(st.tuples(TEXT, TEXT), max_size=14).map(tuple),
    links=st.lists(st.tuples(TEXT, TEXT.map("https://example.com/{}".format)), max_size=9).map(tuple),
    at=TEXT,
    owner=TEXT,
).map(Notification.fit_to_show)
FORMATS = {"slack": slack.message, "teams": teams.message}
both = pytest.mark.parametrize("service", FORMATS)


def body(service: str, notification: Notification) -> bytes:
    return json.dumps(FORMATS[service](notification), ensure_ascii=False).encode()


def alarm(**changes: object) -> Notification:
    told = {"kind": "alarm", "source": "alarms", "severity": Severity.CRITICAL, "title": "Alarm: x", **changes}
    return Notification(**told).fit_to_show()  # type: ignore[arg-type]  # as the test says


@both
@pytest.mark.parametrize("file", EVENTS, ids=lambda file: file.stem)
def test_what_was_recorded_is_posted_as_documented(service: str, file: Path) -> None:
    given = incoming(file.read_text(), "workflows-dev")
    assert problems(service, body(service, read(given))) == []  # type: ignore[arg-type]  # none is a reminder


@both
@given(notification=NOTIFICATIONS)
def test_whatever_is_said_fits(service: str, notification: Notification) -> None:
    assert problems(service, body(service, notification)) == []


def test_slack_makes_nothing_of_what_others_say() -> None:
    said = json.dumps(slack.message(alarm(title=BAD, text=BAD, facts=((BAD, BAD),), owner=BAD)), ensure_ascii=False)
    for control in ("<!", "<@", "<#", "</", " & ", "@here"):
        assert control not in said
    assert "&lt;!channel&gt;" in said
    assert said.count('"verbatim": true') == said.count('"mrkdwn"')


def test_slack_s_entities_are_never_cut_in_two() -> None:
    for length in range(140, 160):
        text = slack.message(alarm(title="a" * length + "<<<"))["blocks"][0]["text"]["text"]
        assert len(text) <= 150
        assert text.count("&") == text.count("&lt;")


def test_a_link_in_slack_ends_where_it_should() -> None:
    url = "https://example.com/a?b=1&c=|>x y"
    [*_, links, _footer] = slack.message(alarm(links=(("Log <1>", url),)))["blocks"]
    assert links["text"]["text"] == "<https://example.com/a?b=1&amp;c=%7C%3Ex%20y|Log &lt;1&gt;>"
    assert "example.com" not in json.dumps(slack.message(alarm(links=(("x", "javascript:alert(1)"),))))


def test_teams_makes_nothing_of_what_others_say() -> None:
    message = teams.message(alarm(title=BAD, text=BAD, facts=((BAD, BAD),)))
    card = message["attachments"][0]["content"]
    assert "entities" not in card["msteams"], "nobody is called"
    kinds = [element["type"] for element in card["body"]]
    assert kinds == ["RichTextBlock", "RichTextBlock", "FactSet", "RichTextBlock"]
    [fact] = card["body"][2]["facts"]
    for control in ("](", "{{", "<at>", "</at>", "@here"):
        assert control not in fact["value"] + fact["title"]


def test_teams_cuts_the_text_before_it_cuts_everything_else() -> None:
    long = alarm(text="🔴" * 9_000, facts=tuple((f"Fact {number}", "v" * 400) for number in range(10)))
    sent = body("teams", long)
    assert len(sent) <= 24_000
    facts = json.loads(sent)["attachments"][0]["content"]["body"][2]["facts"]
    assert [fact["value"] for fact in facts] == ["v" * 400] * 10


def test_how_bad_it_is_is_seen_at_once() -> None:
    titles = {"slack": set[str](), "teams": set[str]()}
    for severity in Severity:
        titles["slack"].add(slack.message(alarm(severity=severity))["text"])
        [attachment] = teams.message(alarm(severity=severity))["attachments"]
        titles["teams"].add(attachment["content"]["body"][0]["inlines"][0]["text"])
    assert titles["slack"] == titles["teams"] == {f"{mark} Alarm: x" for mark in "🟢🟡🟠🔴"}


@pytest.mark.parametrize(("service", "wrong"), [
    ("slack", {"blocks": []}), ("slack", {"text": "x", "blocks": [{"type": "actions"}]}),
    ("slack", {"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "a" * 151}}]}),
    ("slack", {"text": "x", "blocks": [{"type": "section"}]}), ("slack", {"text": "<!channel>"}),
    ("slack", {"text": "x", "blocks": [{"type": "divider"}] * 51}), ("slack", {"text": "R&D"}),
    ("teams", {"type": "message"}), ("teams", {"text": "plain"}), ("teams", {"type": "message", "attachments": []}),
])  # fmt: skip
def test_the_contract_refuses_what_slack_and_teams_refuse(service: str, wrong: object) -> None:
    assert problems(service, json.dumps(wrong).encode())


def test_the_contract_refuses_what_is_too_large_for_teams() -> None:
    message = teams.message(alarm())
    message["attachments"][0]["content"]["body"][0]["inlines"][0]["text"] = "x" * 29_000
    assert problems("teams", json.dumps(message).encode()) == [f"{len(json.dumps(message))} bytes are more than 28672"]
    assert problems("teams", b"{") == ["the body is not JSON"]
