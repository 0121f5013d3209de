"""The pages are whole HTML documents in which nothing that anybody wrote is markup, with headers that allow little."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_workflow.domain import pages
from approval_workflow.domain.deployment import Deployment
from approval_workflow.domain.request import Choice, Request, Status
from approval_workflow.domain.wish import Wish
from tests.unit.approval_workflow.workflow import WISH, Workflow

NASTY = st.text() | st.sampled_from([
    "<script>alert(1)</script>", "</title><script>", "</dd><form action=//evil>", "\"' onfocus=alert(1) x='",
    "&lt;b&gt;", "${purpose}", "{purpose}", "%s", "</style><style>*{display:none}", "<!--", "]]>", "\x00",
])  # fmt: skip


class Outline(HTMLParser):
    """Collects the tags, the attributes' names and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def request(text: str = "x", name: str = "ada", status: Status = Status.PENDING) -> Request:
    plan = {"types": ["t3.micro"], "price_usd": "0.25"}
    wish = Wish(**WISH | {"purpose": text, "cost_centre": text, "image_parameter": text})
    votes = {"bert": {"choice": "approve", "at": ""}}
    approvers = ("bert", "cleo")
    return Request("req-1", "arn", wish, "", "", name, status, plan=plan, approvers=approvers, needed=2, votes=votes)


def deployment(text: str = "x", name: str = "ada") -> Request:
    run = dict.fromkeys(("run_id", "repository", "branch", "commit", "environment", "author", "message"), f"x {text}")
    asked = Deployment.from_run(run, {"summary": f"x {text}", "address": f"x {text}"})
    return replace(request(name=name), request=asked)


def every_page(text: str, name: str, ask: Callable[[str, str], Request] = request) -> list[str]:
    wanted = ask(text, name)
    return [
        pages.confirmation(wanted, name), pages.result(wanted, Choice.DENY), pages.already_decided(wanted, "bert"),
        pages.problem(name, text, text),
    ]  # fmt: skip


@given(NASTY, NASTY, st.sampled_from([request, deployment]))
def test_nothing_that_anybody_wrote_becomes_markup(text: str, name: str, ask: Callable[[str, str], Request]) -> None:
    for page, plain in zip(every_page(text, name, ask), every_page("x", "ada", ask), strict=True):
        found, expected = Outline(page), Outline(plain)
        assert found.tags == expected.tags
        assert found.attributes == expected.attributes


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_what_was_written_is_shown_as_it_is(text: str) -> None:
    assert all(text in Outline(page).text for page in every_page(text, "ada"))


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1))
def test_what_was_committed_is_shown_in_a_line(text: str) -> None:
    *decisions, _ = every_page(f"a\n{text}", "ada", deployment)
    assert all(Outline(page).text.count(f"x a {text}") == 9 for page in decisions)


def test_a_page_without_a_decision_to_make_has_no_form() -> None:
    confirmation, *others = every_page("x", "ada")
    assert Outline(confirmation).tags.count("form") == 1
    assert all("form" not in Outline(page).tags for page in others)
    assert all("script" not in Outline(page).tags for page in (confirmation, *others))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.PENDING, "It waits for other approvers."),
        (Status.REJECTED, "The request is rejected."),
        (Status.APPROVED, "The request is approved."),
    ],
)
def test_the_result_says_what_comes_next(status: Status, sentence: str) -> None:
    assert sentence in pages.result(request(status=status), Choice.APPROVE)


def test_the_style_s_hash_is_the_one_that_the_headers_allow() -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", pages.confirmation(request(), "bert"), re.DOTALL)
    expected = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{expected}';" in pages.HEADERS["Content-Security-Policy"]


def test_every_page_leaves_with_headers_that_keep_it_to_itself(workflow: Workflow) -> None:
    link = workflow.link(workflow.asked(), "bert")
    answers = [workflow.open(link), workflow.open("x"), workflow.decide(link), workflow.decide(link, decision="deny")]
    assert [answer["statusCode"] for answer in answers] == [200, 404, 400, 200]
    for answer in answers:
        assert answer["headers"] == dict(pages.HEADERS)
        assert answer["body"].startswith('<!doctype html>\n<html lang="en">')


def test_a_bug_is_a_page_too(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    link = workflow.link(workflow.asked(), "bert")
    monkeypatch.setattr(pages, "confirmation", lambda *_: 1 / 0)
    answer = workflow.open(link)
    assert (answer["statusCode"], "c6af9ac6-7b61-11e6-9a41-93e8deadbeef" in answer["body"]) == (500, True)
    assert "ZeroDivisionError" not in answer["body"]
