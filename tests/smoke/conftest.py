"""The GitOps pipeline runs these on what it has just deployed; `make test` has nothing live, and leaves them out."""

import os

collect_ignore_glob = [] if "TARGET_PREFIX" in os.environ else ["test_*.py"]
