"""An approver in a real browser: opens the link from the mail, reads, approves, and sees that it counted once."""

import pytest

from tests.e2e.approvals import Approvals
from tests.support.browser import browsing, phone

PURPOSE = "Try <b>the new</b> release & its </script><script>alert(1)</script>"


@pytest.mark.parametrize("button", ["Approve", "Deny"])
def test_an_approver_decides_by_the_page(desk: Approvals, button: str) -> None:
    request_id = desk.submit(purpose=PURPOSE)
    link = desk.link(request_id, "bert")
    with browsing() as browser, phone(browser) as (page, complaints):
        page.goto(link)
        assert page.get_by_text(PURPOSE).is_visible(), "it is shown as it was written"
        assert page.get_by_text("ada").first.is_visible()
        page.get_by_label("Comment").fill("as discussed")
        page.get_by_role("button", name=button).click()
        assert page.get_by_role("heading").first.is_visible()
        page.goto(link)
        assert page.get_by_text("already").first.is_visible()
        assert page.get_by_role("button").count() == 0
    assert not complaints
    votes = desk.request(request_id)["votes"]
    assert list(votes) == ["bert"]
    if button == "Approve":
        desk.approve(request_id, "cleo")
    assert desk.ended(request_id) == ("Approved" if button == "Approve" else "Rejected")
