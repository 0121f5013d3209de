"""CloudTrail's event history: to whom Security Token Service issued an access key."""

import json
from collections.abc import Mapping
from typing import Any

from shared.clients import client


def issuer_of(access_key: str) -> Mapping[str, Any]:
    """Return the identity that assumed a role and was given `access_key`; nothing if the history does not say.

    The history lists a call by the resources it touched, and the key is one of them. It keeps 90 days, takes two
    requests a second, is some minutes late, and knows of another account no more than the session that called from it.
    Source identities have none of these gaps.
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": access_key}]
    for event in client("cloudtrail").lookup_events(LookupAttributes=wanted).get("Events", []):
        record = json.loads(event["CloudTrailEvent"])
        credentials = ((record.get("responseElements") or {}).get("credentials")) or {}
        if credentials.get("accessKeyId") == access_key:
            identity: Mapping[str, Any] = record.get("userIdentity") or {}
            return identity
    return {}
