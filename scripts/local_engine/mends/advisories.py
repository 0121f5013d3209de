"""Advisories about vulnerable packages: the answers of OSV's API, which scanners in builds ask without a network.

OSV: https://google.github.io/osv.dev/post-v1-query/, https://ossf.github.io/osv-schema/. Engine: nothing of the kind.
It knows of no vulnerability but those that were put here, and of their versions those only that are listed by name.

`POST /_local/osv/advisories {"id": "PYSEC-2026-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "jinja2"},
 "versions": ["2.4.1"]}]}` - an advisory in OSV's form, in place of an earlier one with its id
`POST /_local/osv/v1/query {"package": {"ecosystem": "PyPI", "name": "jinja2"}, "version": "2.4.1"}` - OSV's own call

`GET /_local/osv/advisories` tells which are there, `DELETE` forgets them.
"""

import json
from typing import Any

from ministack import app

from scripts.local_engine.patching import Function, wrap

PATH = "/_local/osv/advisories"
QUERY = "/_local/osv/v1/query"
MOST = 100
LONGEST = 1 << 16  # bytes of an advisory

type Advisory = dict[str, Any]

_advisories: dict[str, Advisory] = {}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_answer)


async def _answer(original: Function, path: str, method: str, body: bytes) -> Any:
    """Answer OSV's call, and those by which advisories come and go."""
    if path == QUERY and method == "POST":
        return _json(200, _query(json.loads(body)))
    if path != PATH or method not in {"DELETE", "GET", "POST"}:
        return await original(path, method, body)
    if method == "POST" and (reason := _put(body)):
        return _json(400, {"message": reason})
    if method == "DELETE":
        _advisories.clear()
    return _json(200, list(_advisories.values()))


def _query(asked: dict[str, Any]) -> dict[str, list[Advisory]]:
    """Return the advisories about a version of a package; an empty document when there are none, as OSV does."""
    found = [each for each in _advisories.values() if _is_about(each, asked["package"], asked["version"])]
    return {"vulns": found} if found else {}


def _is_about(advisory: Advisory, package: dict[str, str], version: str) -> bool:
    return any(
        affected["package"] == package and version in affected.get("versions", []) for affected in advisory["affected"]
    )


def _put(body: bytes) -> str:
    """Remember an advisory; return why not, if it cannot be."""
    if len(body) > LONGEST:
        return f"an advisory has at most {LONGEST} bytes"
    advisory = json.loads(body)
    if not isinstance(advisory, dict) or not advisory.get("id"):
        return "an advisory has an id"
    packages = [affected.get("package", {}) for affected in advisory.get("affected", [{}])]
    if not all({"ecosystem", "name"} <= package.keys() for package in packages):
        return "an advisory says which packages are affected, and of which ecosystem"
    if len(_advisories | {advisory["id"]: advisory}) > MOST:
        return f"at most {MOST} advisories are remembered"
    _advisories[advisory["id"]] = advisory
    return ""


def _json(status: int, document: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()
