"""Settings of the tests that load whole SDKs."""

import logging

# Ray Serve in local mode has no controller to tell its metrics, and would still be saying so after the last test.
logging.getLogger("ray.serve").setLevel(logging.CRITICAL)
