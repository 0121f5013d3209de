"""What looks like a secret is not shown; what does not is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.redaction import redacted

SLACK = "https://hooks.slack" + ".com/services/T00000000/B00000000/" + "X" * 24
TEAMS = "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?api-version=1&sig="
SIGNED = "A-_0" * 5 + "AB." + "x-_9" * 10 + "abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"posted to {SLACK}: invalid_payload", "posted to ***: invalid_payload"),
        (f"{TEAMS}tFs9Lpc-dsN1 failed", f"{TEAMS}*** failed"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=0a1b2c&x=1", "https://b.s3.amazonaws.com/k?X-Amz-Signature=***&x=1"),
        (f"Decide here.\nhttps://x.example.com/live/decisions/{SIGNED}\n", "Decide here.\nhttps://x.example.com/live/decisions/***\n"),
        ("Authorization: Bearer abcdefgh.12345", "Authorization: Bearer ***"),
        ('{"password": "a \\" b", "user": "ada"}', '{"password": ***, "user": "ada"}'),
        ("xapp-1-A0123456789-abcdef", "***"),
        ("arn:aws:ec2:us-east-1:123456789012:instance/i-0abc", "arn:aws:ec2:us-east-1:123456789012:instance/i-0abc"),
        ("Basic understanding, 12345 rows", "Basic understanding, 12345 rows"),
    ],
)  # fmt: skip
def test_secrets_are_masked_and_the_rest_stays(text: str, shown: str) -> None:
    assert redacted(text) == shown


@given(st.text(min_size=1, max_size=40), st.sampled_from(["password", "db_secret", "apiKey", "Token"]))
def test_a_named_secret_is_masked_however_deep_its_json_is_wrapped(secret: str, name: str) -> None:
    marked = f"<{secret}>".replace("\n", " ")
    for text in (document := json.dumps({name: marked}), json.dumps(document), json.dumps({"Message": document})):
        assert json.dumps(marked)[1:-1] not in redacted(text)
