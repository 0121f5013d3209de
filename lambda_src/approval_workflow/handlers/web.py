"""How the pages leave: their headers, and errors that people can read."""

from approval_workflow.domain import pages
from shared.http import HttpAnswer, Problem, answering

_TITLES = {
    400: "That did not work",
    403: "This link is not genuine",
    404: "This link leads nowhere",
    409: "Already decided",
    410: "The time to decide is over",
}


def page(html: str, status: int = 200) -> HttpAnswer:
    """Return a page as an answer."""
    return HttpAnswer(status, html, pages.HEADERS)


def problem_page(problem: Problem) -> HttpAnswer:
    """Return an error as a page."""
    title = _TITLES.get(problem.status, "Something went wrong")
    return page(pages.problem(title, problem.message, problem.correlation_id), problem.status)


page_handler = answering(problem_page)
