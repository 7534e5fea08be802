"""Two sizes of the machine: the suite's, and a long one when PROXYFLEET_SOAK is set."""

import os

from hypothesis import HealthCheck, settings

LENIENT = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "suite", max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=LENIENT
)
settings.register_profile(
    "soak", max_examples=4000, stateful_step_count=120, deadline=None, suppress_health_check=LENIENT
)
PROFILE = settings.get_profile("soak" if os.environ.get("PROXYFLEET_SOAK") else "suite")
