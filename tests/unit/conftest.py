"""What the runtime gives every function: Powertools reads it when it is imported."""

import os

os.environ |= {"POWERTOOLS_SERVICE_NAME": "tests", "POWERTOOLS_METRICS_NAMESPACE": "tests"}
