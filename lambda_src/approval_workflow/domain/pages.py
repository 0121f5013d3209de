"""The pages approvers see: one document without JavaScript, readable on a phone; nothing in it is trusted unescaped."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape

from approval_workflow.domain.messages import summary
from approval_workflow.domain.request import Choice, Request, Status
from approval_workflow.domain.voting import MAX_COMMENT, decided

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1b1b1b; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 36rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; }
dt { font-weight: 600; }
dd { margin: 0 0 .75rem; white-space: pre-wrap; }
label { display: block; font-weight: 600; }
textarea { box-sizing: border-box; width: 100%; padding: .5rem; border: 1px solid #595959; font: inherit; }
button { box-sizing: border-box; width: 100%; min-height: 3rem; margin-top: 1rem; border: 0; border-radius: .25rem;
  color: #fff; font: inherit; font-weight: 600; }
.approve { background: #0b5d2e; }
.deny { background: #9b1c1c; }
.hint { margin: 0 0 .5rem; color: #4a4a4a; }
:focus-visible { outline: 3px solid #1a4fd6; outline-offset: 3px; }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_FORM = f"""
<form method="post">
<label for="comment">Comment</label>
<p class="hint" id="comment-hint">Optional, {MAX_COMMENT} characters at most. It is kept in the audit trail.</p>
<textarea id="comment" name="comment" rows="3" maxlength="{MAX_COMMENT}" aria-describedby="comment-hint"></textarea>
<button class="approve" name="decision" value="{Choice.APPROVE}">Approve</button>
<button class="deny" name="decision" value="{Choice.DENY}">Deny</button>
</form>
"""
_DONE = {Choice.APPROVE: "You have approved this request", Choice.DENY: "You have denied this request"}
_NEXT = {Status.PENDING: "It waits for other approvers.", Status.REJECTED: "The request is rejected."}


def confirmation(request: Request, name: str) -> str:
    """Return the page that asks an approver for a decision."""
    return _page("Approve or deny a request", _paragraph(f"You decide as {name}."), _facts(summary(request)), _FORM)


def result(request: Request, choice: Choice) -> str:
    """Return the page after a decision."""
    after = _NEXT.get(request.status, "The request is approved.")
    return _page(_DONE[choice], _paragraph(after), _facts(summary(request)))


def already_decided(request: Request, name: str) -> str:
    """Return the page of a link that can do nothing any more."""
    return _page("Already decided", _paragraph(decided(request, name)), _facts(summary(request)))


def problem(title: str, message: str, correlation_id: str) -> str:
    """Return the page that says why nothing was done."""
    hint = f'<p class="hint">Reference: {escape(correlation_id)}</p>'
    return _page(title, _paragraph(message), hint)


def _page(title: str, *parts: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{''.join(parts)}\n</main>\n</body>\n</html>\n"
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>\n"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"<dl>\n{rows}\n</dl>\n"
