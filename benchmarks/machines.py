"""A Ray cluster of several machines inside this one, for the benchmark and the tests."""

import os
from typing import Any

os.environ["RAY_AUTH_MODE"] = "disabled"  # a token would be left in the home folder
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
STORE_BYTES = 100_000_000
SOON = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 4}


class Machines:
    """The head lends one core, and so does each further one."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster  # noqa: PLC0415  (an extra)

        self._cluster = Cluster()
        self.add(_system_config=SOON, include_dashboard=False, no_monitor=True)
        self.address: str = self._cluster.address

    def add(self, **options: Any) -> Any:
        """One more; returns what `lose` takes."""
        return self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES, include_log_monitor=False, **options)

    def lose(self, machine: Any) -> None:
        """As a power cut does."""
        self._cluster.remove_node(machine, allow_graceful=False)

    def end(self) -> None:
        """This process leaves, and all machines end."""
        import ray  # noqa: PLC0415  (an extra)

        ray.shutdown()
        self._cluster.shutdown()
