"""A report accounts for everything once, and what people are told of it stays small."""

from decimal import Decimal

from shared.operations.acting import Status
from shared.operations.plan import Item, Plan
from shared.operations.report import MAX_TEXT_BYTES, Outcome, Report, account

ITEMS = tuple(Item(f"r-{number}", "DELETE", "old", 10, Decimal("0.80"), {"owner": "ada"}) for number in range(4))
PLAN = Plan("run-1", "cleanup", 9, {}, ITEMS, (("r-8", "kept until 2027-01-01"),))
OUTCOMES = {
    "r-0": Outcome(Status.DONE, "old", {"snapshot_id": "snap-0"}),
    "r-1": Outcome(Status.SKIPPED, "vanished"),
    "r-2": Outcome(Status.FAILED, "denied"),
}


def test_every_resource_has_one_entry_with_what_became_of_it() -> None:
    report = Report(PLAN, account(PLAN, OUTCOMES, dry_run=False), dry_run=False)
    assert {entry.resource_id: entry.outcome for entry in report.entries} == {
        "r-0": "DONE DELETE",
        "r-1": "SKIPPED DELETE",
        "r-2": "FAILED DELETE",
        "r-3": "PLANNED DELETE",
        "r-8": "NOT_PLANNED",
    }
    assert report.saved("DELETE") == (10, Decimal("0.80"))
    assert (report.failed, report.unfinished) == (1, 1)
    document = report.to_document("DELETE")
    assert document["entries"][0]["facts"] == {"owner": "ada", "snapshot_id": "snap-0"}
    assert document["counts"]["DONE DELETE"] == 1


def test_a_dry_run_says_what_it_would_do() -> None:
    report = Report(PLAN, account(PLAN, {}, dry_run=True), dry_run=True)
    assert report.counts == {"WOULD_DELETE": 4, "NOT_PLANNED": 1}
    assert (report.failed, report.unfinished) == (0, 0)
    assert "40 GiB, 3.20 USD a month to save" in report.text("DELETE", "s3://b/r.json")


def test_the_text_previews_20_of_a_kind_and_is_bounded() -> None:
    items = tuple(Item(f"r-{number}", f"KIND{number % 60}", "ü" * 300, 1) for number in range(60 * 25))
    plan = Plan("run-1", "cleanup", len(items), {}, items)
    report = Report(plan, account(plan, {}, dry_run=True), dry_run=True, problem="stopped", unpriced=["io9"])
    text = report.text("DELETE", "s3://b/r.json")
    assert len(text.encode()) <= MAX_TEXT_BYTES
    assert "Report: s3://b/r.json" in text
    assert text.count("KIND0: 25") == 1
    assert "  and 5 more" in text
