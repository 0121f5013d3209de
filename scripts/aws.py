"""What every script says when it means a boto3 client."""

from typing import Any

type Client = Any  # boto3 makes its client classes at run time, so there is nothing better to name
