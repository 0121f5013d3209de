"""What the runtime gives every function: Powertools reads it when it is imported. And patience on a busy machine."""

import os

from hypothesis import settings

os.environ |= {"POWERTOOLS_SERVICE_NAME": "tests", "POWERTOOLS_METRICS_NAMESPACE": "tests"}
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
