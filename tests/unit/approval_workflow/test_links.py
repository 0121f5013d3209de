"""Links say nothing, cannot be made or changed by anybody else, and survive one rotation of the secret."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approval_workflow.domain.errors import ForgedLink, UnknownLink
from approval_workflow.domain.links import Link, parts
from tests.unit.approval_workflow.workflow import Workflow

LINK = Link.to("req-1", "bert", 1000)
KEY = b"key"
TEXT = st.text() | st.text("ABCxyz019-_.=", min_size=20, max_size=80)


def statuses(workflow: Workflow, link: str) -> tuple[int, int]:
    """Return what opening and deciding give."""
    return workflow.open(link)["statusCode"], workflow.decide(link, decision="approve")["statusCode"]


def test_a_link_names_neither_the_request_nor_the_approver(workflow: Workflow) -> None:
    request_id = workflow.asked()
    link = workflow.link(request_id, "bert")
    assert re.fullmatch(r"[\w-]{22}\.[\w-]{43}", link)
    assert "bert" not in link
    assert request_id not in link


def test_every_approver_has_another_link(workflow: Workflow) -> None:
    request_id = workflow.asked()
    assert len({workflow.link(request_id, name) for name in ("bert", "cleo", "dana")}) == 3


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda link: link[:-1] + ("A" if link[-1] != "A" else "B"), 403),
        (lambda link: link[:-1], 403),
        (lambda link: link + "=", 403),
        (lambda link: link + "A", 403),
        (lambda link: link.partition(".")[0] + ".", 403),
        (lambda link: link.partition(".")[0], 403),
        (lambda link: link.partition(".")[0] + ".\u00e9\ud800", 403),
        (lambda link: link[:23] + link[23:].swapcase(), 403),
        (lambda link: "A" * 22 + link[22:], 404),
        (lambda link: link[:21], 404),
        (lambda link: "\u00e9" * 22 + link[22:], 404),
        (lambda _: "", 404),
        (lambda _: ".", 404),
        (lambda _: "../requests", 404),
    ],
)
def test_a_link_that_was_changed_does_nothing(workflow: Workflow, change: Callable[[str], str], status: int) -> None:
    link = workflow.link(workflow.asked(), "bert")
    before = workflow.everything()
    assert statuses(workflow, change(link)) == (status, status)
    assert workflow.everything() == before


def test_one_approver_s_signature_is_of_no_use_for_another_s_link(workflow: Workflow) -> None:
    request_id = workflow.asked()
    bert, cleo = (workflow.link(request_id, name) for name in ("bert", "cleo"))
    assert statuses(workflow, f"{cleo.partition('.')[0]}.{bert.partition('.')[2]}") == (403, 403)


def test_the_spare_bits_of_a_signature_s_last_letter_count_too() -> None:
    link_id, signature = parts(LINK.signed(KEY))
    assert link_id == LINK.link_id
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = []
    for letter in alphabet:
        try:
            LINK.check(signature[:-1] + letter, [KEY])
        except ForgedLink:
            continue
        accepted.append(letter)
    assert accepted == [signature[-1]]


@given(TEXT)
def test_any_text_is_no_link(text: str) -> None:
    try:
        _, signature = parts(text)
    except UnknownLink:
        return
    with pytest.raises(ForgedLink):
        LINK.check(signature, [KEY, b"other"])


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_a_signature_depends_on_everything_that_is_signed(key: bytes, other: bytes) -> None:
    signature = parts(LINK.signed(key))[1]
    LINK.check(signature, [other, key])
    for link in (Link.to("req-2", "bert", 1000), Link.to("req-1", "cleo", 1000), Link.to("req-1", "bert", 1001)):
        with pytest.raises(ForgedLink):
            link.check(signature, [key])


def test_a_link_survives_one_rotation_between_its_sending_and_the_click_and_not_two(workflow: Workflow) -> None:
    request_id = workflow.asked()
    link = workflow.link(request_id, "bert")
    workflow.rotate("second")
    assert workflow.open(link)["statusCode"] == 200
    workflow.rotate("third")
    before = workflow.everything()
    assert statuses(workflow, link) == (403, 403)
    assert workflow.everything() == before


def test_a_reminder_after_a_rotation_repairs_the_link(workflow: Workflow) -> None:
    request_id = workflow.asked()
    old = workflow.link(request_id, "bert")
    workflow.rotate("second")
    workflow.ask(request_id, 1, "token-1")
    new = workflow.link(request_id, "bert")
    assert (old[:22], old == new) == (new[:22], False)
    workflow.rotate("third")
    assert (workflow.open(old)["statusCode"], workflow.open(new)["statusCode"]) == (403, 200)


def test_without_a_rotation_a_reminder_repeats_the_link(workflow: Workflow) -> None:
    request_id = workflow.asked()
    old = workflow.link(request_id, "bert")
    workflow.ask(request_id, 1, "token-1")
    assert workflow.link(request_id, "bert") == old


def test_a_link_is_remembered_for_a_while_after_it_expired(workflow: Workflow) -> None:
    workflow.asked()
    (link, *_), expected = workflow.everything()[1], workflow.now + 259200
    assert int(link["expires_at"]["N"]) == expected
    assert int(link["remove_at"]["N"]) == expected + 30 * 86400
