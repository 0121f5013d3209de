"""The logger and the metrics of every function: JSON lines, and embedded metrics (EMF), each with the trace id.

So is every error that a handler raises (`shared/handlers.py`). Only lines that are not ours lack the trace id: those of
the runtime (`platform.*`, and its own record of such an error) and botocore's warnings; they carry the request id.
"""

import logging
import os

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()
logging.getLogger("botocore").setLevel(logging.WARNING)  # at INFO it says where it found credentials, each cold start


def trace_id() -> str:
    """Return the trace of the invocation that is being handled, as X-Ray and the log lines name it.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    return os.environ.get("_X_AMZN_TRACE_ID", "").partition(";")[0].removeprefix("Root=")
