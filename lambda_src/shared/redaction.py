"""Takes secrets out of what is shown to people: scanners quote what they find, and failing tests what they compared."""

import re

_MASK = "***"
_LONGEST = 10_000  # of what a scanner quotes; nobody is shown more, and nobody may keep us busy with it
# The token shapes of well-known issuers, then whatever a name says is secret.
_SHAPES = (
    r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    r"gh[pousr]_[A-Za-z0-9]{20,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"xox[abeprs]-[A-Za-z0-9-]{10,}",
    r"xapp-[A-Za-z0-9-]{10,}",
    r"sk_(?:live|test)_[A-Za-z0-9]{16,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"https://hooks\.slack\.com/(?:services|triggers|workflows)/[A-Za-z0-9/_-]+",
    # An id and a signature in base64, as an approver's link ends with.
    r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])",
)
_NAMED = re.compile(
    r"(?i)(?P<name>[\w.-]{0,64}(?:passw(?:or)?d|secret|token|api_?key|access_?key|private_?key)[\w.-]{0,64}"
    r"(?:\\*[\"'])?\s*(?:[:=]|=>)\s*)"
    # JSON within JSON has its quotes escaped, and a text may hold an escaped quote of its own.
    r"(?P<value>\\+\"(?:(?!\\+\")[^\n])*\\+\"|\"(?:[^\"\\\n]|\\[^\n])*\"|'[^'\n]*'|[^\s,;]+)"
)
_SHAPED = re.compile("|".join(_SHAPES))
_ADDRESSED = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@")
_SIGNED = re.compile(r"(?i)(?P<name>[?&](?:sig|signature|x-amz-signature|x-amz-credential)=)[^\s&#\"'<>\\]+")
# With a digit in it, or "the bearer certificates" were a secret.
_AUTHORIZED = re.compile(r"(?i)(?P<scheme>\b(?:basic|bearer)\s+)(?=\S*[0-9])[A-Za-z0-9._~+/=-]{8,}")


def redacted(text: str) -> str:
    """Return the text, or its first ten thousand characters, without what looks like a secret."""
    shaped = _SHAPED.sub(_MASK, text[:_LONGEST])
    addressed = _ADDRESSED.sub(rf"\g<scheme>{_MASK}@", shaped)
    signed = _SIGNED.sub(rf"\g<name>{_MASK}", addressed)
    authorized = _AUTHORIZED.sub(rf"\g<scheme>{_MASK}", signed)
    return _NAMED.sub(rf"\g<name>{_MASK}", authorized)
