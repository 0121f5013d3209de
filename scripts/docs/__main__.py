"""Writes the generated documentation: `python -m scripts.docs`."""

import sys

from scripts.docs.pages import ROOT, DocsError, pages


def main() -> int:
    """Write every page that is not as it should be; return 0, or 1 after one sentence on standard error."""
    try:
        stale = {path: text for path, text in pages().items() if not path.is_file() or path.read_text() != text}
    except DocsError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"Wrote {path.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
