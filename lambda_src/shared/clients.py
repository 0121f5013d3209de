"""One AWS client per service and process, built on botocore alone.

boto3 adds sessions and resources that no function uses. Without it, and with Powertools' logger and metrics, a handler
starts about as fast as boto3's bare clients alone (`docs/benchmarks.md`). Parameters are not validated on each call:
the tests run them against an engine that does.
"""

from functools import cache

from botocore.client import BaseClient
from botocore.config import Config
from botocore.session import get_session

_COMMON = Config(
    parameter_validation=False,
    user_agent="workflows",  # a constant: composing botocore's own costs a tenth of every small call
)
_PATIENT = _COMMON.merge(
    Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 5})
)
_HASTY = _COMMON.merge(Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}))
_ONCE = _PATIENT.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
_session = cache(get_session)


@cache
def client(service: str, *, hasty: bool = False, once: bool = False, region: str | None = None) -> BaseClient:
    """Return the process's client of an AWS service, for example "dynamodb"; made at the first call.

    `region` is another one than the function's own. A `hasty` one tries twice, two seconds each: for functions whose
    source delivers again what failed. One that calls `once` leaves it to its caller to try again.
    """
    config = _HASTY if hasty else _ONCE if once else _PATIENT
    return _session().create_client(service, region_name=region, config=config)
