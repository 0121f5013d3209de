"""HTTP as a caller of our APIs speaks it: signed for API Gateway when credentials are given, plain otherwise."""

import urllib.error
import urllib.request
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TIMEOUT_SECONDS = 35  # API Gateway answers within 29


@dataclass(frozen=True)
class Answer:
    """What came back; every status is an answer, also 4xx and 5xx."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Caller:
    """Who calls: an IAM principal's credentials, and the region of the API."""

    credentials: Credentials
    region: str

    def call(self, method: str, url: str, body: str = "", **headers: str) -> Answer:
        """Send a signed request (Signature Version 4). Raises URLError when nobody answers."""
        request = AWSRequest(method=method, url=url, data=body or None, headers=headers)
        SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        return send(method, url, body, **dict(request.headers.items()))


def send(method: str, url: str, body: str = "", **headers: str) -> Answer:
    """Send a request as it is. Raises URLError when nobody answers."""
    request = urllib.request.Request(url, body.encode() or None, headers, method=method)  # noqa: S310 - our own API's URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            return Answer(response.status, dict(response.headers), response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read().decode())
