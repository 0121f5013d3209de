"""The hook of every repository: tells the engine what git has just accepted; a push never fails for its sake.

Run by git with the engine's address and the repository's ARN; standard library only.
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

SECONDS = 10


def main() -> None:
    """Send what git writes to standard input: the old id, the new id and the reference, line by line."""
    address, repository = urlsplit(sys.argv[1]), sys.argv[2]
    updates = [line.split() for line in sys.stdin.read().splitlines()]
    connection = http.client.HTTPConnection(address.netloc, timeout=SECONDS)
    try:
        connection.request("POST", address.path, json.dumps({"repository": repository, "updates": updates}))
        answer = connection.getresponse()
        trouble = "" if answer.status == http.client.OK else f"HTTP {answer.status}"
    except (OSError, http.client.HTTPException) as error:
        trouble = f"{type(error).__name__}: {error}"
    if trouble:
        print(f"The engine was not told of this push, so nothing follows from it ({trouble}).", file=sys.stderr)


if __name__ == "__main__":
    main()
