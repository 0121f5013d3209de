"""What every execution that has ended tells of itself, whichever workflow's it is."""

from typing import Any


class Ended:
    """An execution that has ended; a workflow's own `Run` has it, as DescribeExecution answers it, in `execution`."""

    execution: dict[str, Any]

    @property
    def arn(self) -> str:
        return str(self.execution["executionArn"])

    @property
    def name(self) -> str:
        return str(self.execution["name"])

    @property
    def status(self) -> str:
        return str(self.execution["status"])

    @property
    def error(self) -> str:
        return str(self.execution.get("error", ""))
