"""The workflow's bucket: plans as a whole and page by page, and reports."""

import json
from dataclasses import dataclass
from typing import Any

from shared.clients import client
from shared.operations.plan import Page, Plan
from shared.operations.report import Report


@dataclass(frozen=True)
class Files:
    """One run's objects: `plans/<run id>/` may expire after some weeks, `reports/<run id>.json` is to be kept."""

    bucket: str
    run_id: str

    @property
    def pages_key(self) -> str:
        """The key of the list of pages, a distributed Map's items: `[{"page": 0, "key": …}, …]`."""
        return f"plans/{self.run_id}/pages.json"

    @property
    def report_key(self) -> str:
        """The report's key."""
        return f"reports/{self.run_id}.json"

    @property
    def report_url(self) -> str:
        """The report's address."""
        return f"s3://{self.bucket}/{self.report_key}"

    def write_plan(self, plan: Plan, *, to_act: bool = True) -> int:
        """Write a plan; return the number of its pages.

        Without `to_act` (a dry run, or over a limit) there are no pages, so that no step can act on them. The list of
        pages comes last: with it the plan is complete.
        """
        self._write(self._plan_key, plan.to_document())
        pages = list(plan.pages()) if to_act else []
        for page in pages:
            self._write(self._page_key(page.number), page.to_document())
        self._write(self.pages_key, [{"page": each.number, "key": self._page_key(each.number)} for each in pages])
        return len(pages)

    def plan(self) -> Plan:
        """Return the run's plan."""
        return Plan.from_document(_read(self.bucket, self._plan_key))

    def write_report(self, report: Report, saving: str) -> None:
        """Write the report; `saving` is the action that saves."""
        self._write(self.report_key, report.to_document(saving))

    @property
    def _plan_key(self) -> str:
        return f"plans/{self.run_id}/plan.json"

    def _page_key(self, number: int) -> str:
        return f"plans/{self.run_id}/{number}.json"

    def _write(self, key: str, document: object) -> None:
        client("s3").put_object(Bucket=self.bucket, Key=key, Body=json.dumps(document).encode())


def read_page(bucket: str, key: str) -> Page:
    """Return a page of a plan."""
    return Page.from_document(_read(bucket, key))


def _read(bucket: str, key: str) -> Any:  # noqa: ANN401  # JSON
    """Return an object's JSON document."""
    return json.loads(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
