"""Lints the GitHub workflows: their syntax and shell, pinned actions, least permissions, no injection."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def lint(tool: str, *arguments: str | Path) -> None:
    """Run a tool of the linters' environment over the repository; its findings are the failure."""
    command = [ROOT / ".venv-lint" / "bin" / tool, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_actionlint() -> None:
    lint("actionlint", *WORKFLOWS)


def test_zizmor() -> None:
    # Its low findings ask for a way to name our own actions that GitHub has only just introduced.
    lint("zizmor", "--offline", "--no-progress", "--min-severity=medium", ROOT / ".github")
