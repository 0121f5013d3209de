"""The moments of schedules, where clocks change."""

from datetime import datetime

import pytest

from scripts.local_engine.mends.scheduler import moments

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("expression", "after", "now", "expected"),
    [
        # 03:00 in winter and in summer
        ("cron(0 3 * * ? *)", "2026-01-10T01:59:30Z", "2026-01-10T02:00:01Z", "2026-01-10T02:00:00Z"),
        ("cron(0 3 * * ? *)", "2026-07-10T00:59:30Z", "2026-07-10T01:00:01Z", "2026-07-10T01:00:00Z"),
        ("cron(0 3 * * ? *)", "2026-07-10T01:59:30Z", "2026-07-10T02:00:01Z", None),
        # 02:30 does not exist on 29 March, and comes twice on 25 October
        ("cron(30 2 * * ? *)", "2026-03-29T00:29:30Z", "2026-03-29T01:30:30Z", None),
        ("cron(30 2 * * ? *)", "2026-10-25T00:29:30Z", "2026-10-25T00:30:01Z", "2026-10-25T00:30:00Z"),
        ("cron(30 2 * * ? *)", "2026-10-25T01:29:30Z", "2026-10-25T01:30:01Z", None),
        # every quarter of an hour, looked at twice in a minute
        ("cron(0/15 * * * ? *)", "2026-01-10T02:14:59Z", "2026-01-10T02:15:00Z", "2026-01-10T02:15:00Z"),
        ("cron(0/15 * * * ? *)", "2026-01-10T02:15:00Z", "2026-01-10T02:15:30Z", None),
        ("at(2026-07-10T03:00:00)", "2026-07-10T00:59:30Z", "2026-07-10T01:00:01Z", "2026-07-10T01:00:00Z"),
        # what is long over
        ("cron(0 3 * * ? *)", "2026-01-09T00:00:00Z", "2026-01-10T02:05:00Z", None),
        ("rate(5 minutes)", "2026-01-01T00:00:01Z", "2026-01-01T00:05:02Z", "2026-01-01T00:05:00Z"),
        ("rate(5 minutes)", "2026-01-01T00:05:02Z", "2026-01-01T00:06:02Z", None),
    ],
)
def test_moments(expression: str, after: str, now: str, expected: str | None) -> None:
    def seconds(text: str) -> float:
        return datetime.fromisoformat(text).timestamp()

    schedule = {
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": BERLIN,
        "LastModificationDate": seconds("2026-01-01T00:00:00Z"),
    }
    found = moments.due(schedule, seconds(after), seconds(now))
    assert found == (seconds(expected) if expected else None)
