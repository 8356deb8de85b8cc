"""What all tests share."""

import importlib.util
from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

from augment.core.engine import ray_cluster
from benchmarks.machines import Machines

torch.set_num_threads(1)  # as the units of work run; two threads on two busy cores wait for each other
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    """Two machines of one core each, which this process has joined."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'gan-augment[ray]'")
    machines = Machines()
    try:
        machines.add()
        ray_cluster.connect(machines.address, 1)
        yield machines
    finally:
        machines.end()
