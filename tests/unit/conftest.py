"""What every function is given: Powertools reads it when it is imported, and parameters are not kept between tests.

And patience on a busy machine.
"""

import os

from hypothesis import HealthCheck, settings

os.environ |= {
    "CONFIGURATION_SECONDS": "0",
    "POWERTOOLS_SERVICE_NAME": "tests",
    "POWERTOOLS_METRICS_NAMESPACE": "tests",
}
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
