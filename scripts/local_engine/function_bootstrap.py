"""A function's first process: gives awslambdaric the module search path AWS gives it, and nothing of the host's.

Started by `python_worker` with `-S -P`, so that no site-packages is on the path.
"""

import os
import runpy
import site
import sys


def main() -> None:
    """Run the runtime interface client for the handler named in the environment."""
    site.setquit()  # `exit()` exists in AWS, where site is not suppressed
    sys.path[:0] = os.environ.pop("_ENGINE_SEARCH_PATH").split(os.pathsep)
    os.chdir(os.environ["LAMBDA_TASK_ROOT"])
    sys.argv = ["bootstrap.py", os.environ["_HANDLER"]]
    runpy.run_module("awslambdaric", run_name="__main__")


if __name__ == "__main__":
    main()
