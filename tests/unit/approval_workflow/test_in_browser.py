"""The pages in a real browser: on a phone, by keyboard, without JavaScript, and doing nothing that is forbidden."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import browsing, phone
from tests.unit.approval_workflow.workflow import WISH, Workflow

pytestmark = pytest.mark.skipif("CODEBUILD_CI" in os.environ, reason="CodeBuild's image has no browser; CI has")
_LUMINANCE = (0.2126, 0.7152, 0.0722)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@contextmanager
def serving(workflow: Workflow) -> Iterator[str]:
    """Serve the workflow's decisions on loopback, as API Gateway would; yield the address of the links."""

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(workflow.open(self._link()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            self._send(workflow.decide(self._link(), body))

        def _link(self) -> str:
            return self.path.rpartition("/")[2]

        def _send(self, answer: dict[str, Any]) -> None:
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer["body"].encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/live/decisions"
        server.shutdown()
        thread.join()


@pytest.fixture
def address(workflow: Workflow) -> Iterator[str]:
    with serving(workflow) as found:
        yield found


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text, level=1, exact=True)


def test_an_approver_opens_the_link_reads_approves_and_finds_it_decided(
    workflow: Workflow, address: str, browser: Browser
) -> None:
    request_id = workflow.asked()
    url = f"{address}/{workflow.link(request_id, 'bert')}"
    with phone(browser) as (page, complaints):
        page.goto(url)
        expect(heading(page, "Approve or deny a request")).to_be_visible()
        expect(page.get_by_text("You decide as bert.")).to_be_visible()
        expect(page.get_by_text("Load test")).to_be_visible()
        page.get_by_label("Comment").fill("Zeile 1\nZeile 2 <b>")
        page.get_by_role("button", name="Approve").click()
        expect(heading(page, "You have approved this request")).to_be_visible()
        expect(page.get_by_text("1 of 2")).to_be_visible()
        page.goto(url)
        expect(heading(page, "Already decided")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
    assert complaints == []
    assert workflow.audit(request_id)[-1]["detail"] == "Zeile 1\nZeile 2 <b>"


def test_everything_works_by_keyboard_and_shows_where_one_is(
    workflow: Workflow, address: str, browser: Browser
) -> None:
    request_id = workflow.asked()
    with phone(browser) as (page, _):
        page.goto(f"{address}/{workflow.link(request_id, 'bert')}")
        controls = [page.get_by_label("Comment"), *(page.get_by_role("button", name=n) for n in ("Approve", "Deny"))]
        for control in controls:
            page.keyboard.press("Tab")
            expect(control).to_be_focused()
            expect(control).to_have_css("outline-style", "solid")
            expect(control).to_have_css("outline-width", "3px")
        page.keyboard.press("Enter")
        expect(heading(page, "You have denied this request")).to_be_visible()
    assert workflow.stored(request_id)["status"] == "REJECTED"


def test_enter_in_the_comment_decides_nothing(workflow: Workflow, address: str, browser: Browser) -> None:
    request_id = workflow.asked()
    with phone(browser) as (page, _):
        page.goto(f"{address}/{workflow.link(request_id, 'bert')}")
        page.get_by_label("Comment").press("Enter")
        expect(page.get_by_role("button", name="Approve")).to_be_visible()
    assert workflow.stored(request_id)["status"] == "PENDING"


def test_assistive_technology_finds_names_and_roles(workflow: Workflow, address: str, browser: Browser) -> None:
    request_id = workflow.asked()
    with phone(browser) as (page, _):
        page.goto(f"{address}/{workflow.link(request_id, 'bert')}")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page).to_have_title("Approve or deny a request")
        expect(page.get_by_role("main")).to_have_count(1)
        expect(page.get_by_role("heading")).to_have_count(1)
        expect(page.get_by_role("textbox", name="Comment")).to_have_accessible_description(re.compile("Optional, 500"))
        expect(page.get_by_role("main")).to_match_aria_snapshot(
            """
            - heading "Approve or deny a request" [level=1]
            - paragraph: You decide as bert.
            - term: Requester
            - definition: ada
            - term: Instance type
            - definition: t3.micro, or else t3.small
            - text: Comment
            - paragraph: /Optional, 500 characters/
            - textbox "Comment"
            - button "Approve"
            - button "Deny"
            """
        )


@pytest.mark.parametrize("width", [320, 360, 412])
def test_it_fits_on_a_phone_whatever_was_written(
    workflow: Workflow, address: str, browser: Browser, width: int
) -> None:
    request_id = workflow.asked(WISH | {"purpose": "W" * 500})
    with phone(browser, (width, 640)) as (page, _):
        for last_part in (workflow.link(request_id, "bert"), "nothing"):
            page.goto(f"{address}/{last_part}")
            root = page.locator("html")
            assert root.evaluate("root => root.scrollWidth <= root.clientWidth")
        page.goto(f"{address}/{workflow.link(request_id, 'bert')}")
        for name in ("Approve", "Deny"):
            box = page.get_by_role("button", name=name).bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44


def test_text_stands_out_from_its_background(workflow: Workflow, address: str, browser: Browser) -> None:
    link = workflow.link(workflow.asked(), "bert")
    with phone(browser) as (page, _):
        for last_part in (link, "nothing"):
            page.goto(f"{address}/{last_part}")
            texts = page.locator("h1, p, dt, dd, label, .hint, button, textarea").all()
            ratios = {element.evaluate("element => element.outerHTML")[:40]: contrast(element) for element in texts}
            assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}


def test_what_somebody_wrote_stays_text(workflow: Workflow, address: str, browser: Browser) -> None:
    purpose = "<img src=x onerror=alert(1)><style>main { display: none }</style></dd><form action='//evil.example'>"
    request_id = workflow.asked(WISH | {"purpose": purpose})
    with phone(browser) as (page, complaints):
        page.goto(f"{address}/{workflow.link(request_id, 'bert')}")
        expect(page.get_by_text(purpose, exact=True)).to_be_visible()
        expect(page.locator("img")).to_have_count(0)
        expect(page.locator("form")).to_have_count(1)
    assert complaints == []


def test_the_headers_forbid_all_that_the_pages_do_not_need(
    workflow: Workflow, address: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = workflow.asked()
    evil = '<style>main { color: red }</style><img src="/x.png"><script src="/x.js"></script>'
    monkeypatch.setattr("approval_workflow.domain.pages._FORM", evil)
    context = browser.new_context()
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{address}/{workflow.link(request_id, 'bert')}")
    context.close()
    for directive in ("style-src", "img-src", "script-src"):
        assert any("Content Security Policy" in text and directive in text for text in complaints), directive


def contrast(element: Locator) -> float:
    """Return the contrast of an element's text. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    script = """element => {
        const found = [getComputedStyle(element).color];
        for (let each = element; each; each = each.parentElement) found.push(getComputedStyle(each).backgroundColor);
        return found;
    }"""
    color, *backgrounds = ([float(n) for n in re.findall(r"[\d.]+", text)] for text in element.evaluate(script))
    background = next(each for each in backgrounds if each[3:] != [0.0])
    lighter, darker = sorted((luminance(color), luminance(background)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: list[float]) -> float:
    shares = [value / 255 for value in color[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip(_LUMINANCE, linear, strict=True))


def test_the_yardstick_of_contrast_is_right() -> None:
    black, grey, white = (luminance([value] * 3) for value in (0, 119, 255))
    assert (white + 0.05) / (black + 0.05) == pytest.approx(21)
    assert (white + 0.05) / (grey + 0.05) == pytest.approx(4.48, abs=0.01)
    assert all(darker < lighter for darker, lighter in pairwise([black, grey, white]))
