"""The engine's command line: `python -m scripts.local_engine start|stop|status|logs`."""

import argparse
import sys
from pathlib import Path

from scripts.local_engine.process import DEFAULT_DIRECTORY, Engine, EngineError

LOG_LINES = 200


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m scripts.local_engine", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "logs"])
    parser.add_argument("--port", type=int, help="default: ENGINE_PORT, else 4566")
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="where its files go (%(default)s)")
    arguments = parser.parse_args()
    try:
        print(_run(arguments.command, Engine(arguments.port, arguments.directory)))
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(command: str, engine: Engine) -> str:
    if command == "start":
        engine.start()
        return f"The engine answers at {engine.url} (log: {engine.log})."
    if command == "stop":
        engine.stop()
        return "The engine is stopped."
    if command == "logs":
        if not engine.log.exists():
            raise EngineError(f"There is no log in {engine.directory}: the engine was not started from there.")
        return "\n".join(engine.log.read_text(errors="replace").splitlines()[-LOG_LINES:])
    if pid := engine.pid():
        return f"The engine runs as process {pid} (log: {engine.log})."
    raise EngineError("The engine is not running.")


if __name__ == "__main__":
    sys.exit(main())
