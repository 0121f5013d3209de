"""A build's log: a stream of CloudWatch Logs, written with the role's permission, in which secrets are masked."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_region
from ministack.services import cloudwatch_logs

from scripts.local_engine.authorization import role_allows
from scripts.local_engine.log_stream import StreamRefused, arn, open_stream
from scripts.local_engine.mends.codebuild.failure import Failure

MASK = "***"
_MOST_LINES = 50_000  # of a build that never stops talking

type Config = dict[str, Any]


def place(project: str, config: Config | None, uuid: str) -> dict[str, Any]:
    """Return the group and the stream a build writes to, neither when it writes none, and its address in the console.

    AWS: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CloudWatchLogsConfig.html; the address is as in
    https://docs.aws.amazon.com/cli/latest/reference/codebuild/batch-get-builds.html.
    """
    chosen = (config or {}).get("cloudWatchLogs") or {}
    if chosen.get("status", "ENABLED") == "DISABLED":
        return {"cloudWatchLogs": chosen}
    stream = f"{chosen['streamName']}/{uuid}" if chosen.get("streamName") else uuid
    group = chosen.get("groupName") or f"/aws/codebuild/{project}"
    chosen = {"status": "ENABLED", **chosen}
    console = f"https://console.aws.amazon.com/cloudwatch/home?region={get_region()}"
    return {
        "groupName": group,
        "streamName": stream,
        "deepLink": f"{console}#logEvent:group={group};stream={stream}",
        "cloudWatchLogsArn": arn(group, stream),
        "cloudWatchLogs": chosen,
    }


class Log:
    """The log of one build."""

    def __init__(self) -> None:
        self._stream: dict[str, Any] | None = None
        self._place: dict[str, Any] = {}
        self._secrets: list[str] = []
        self._lines = 0

    def open(self, where: dict[str, Any], role: str, build_arn: str) -> None:
        """Make the stream, and its group if there is none. Raises Failure without the permission to.

        AWS: the sentence is the one people quote, as in https://github.com/aws/aws-cdk/issues/12179.
        """
        if "groupName" not in where:
            return
        group, stream = where["groupName"], where["streamName"]
        try:
            found = open_stream(role, group, stream, "codebuild")
        except StreamRefused as refusal:
            sentence = (
                f"Service role {role} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for "
                f"build {build_arn}. Error message: {refusal}"
            )
            raise Failure("ACCESS_DENIED", sentence) from None
        if role_allows(role, "logs:PutLogEvents", arn(group, stream), via="codebuild"):
            self._stream, self._place = found, where

    def mask(self, secrets: Iterable[str]) -> None:
        """Write no value of a parameter or secret from now on.

        AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html (env/secrets-manager)
        """
        self._secrets += [secret for secret in secrets if secret]

    def say(self, text: str) -> None:
        """Write what CodeBuild itself has to say."""
        self.write(f"[Container] {datetime.now(UTC):%Y/%m/%d %H:%M:%S.%f} {text}")

    def write(self, line: str) -> None:
        """Write a line of the build's own."""
        self._lines += 1
        if self._stream is None or self._lines > _MOST_LINES:
            return
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        moment = int(time.time() * 1000)
        events = [{"timestamp": moment, "message": line + "\n", "ingestionTime": moment}]
        cloudwatch_logs._append_log_events(self._stream, events)
        cloudwatch_logs._fanout_to_subscription_filters(self._place["groupName"], self._place["streamName"], events)
