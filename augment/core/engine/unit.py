"""How one unit of work runs, wherever it does."""

from collections.abc import Callable
from typing import TypeVar

from augment.core.processes import keeping_freed_memory

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def in_one_thread(function: Callable[[Unit], Result], unit: Unit) -> Result:
    """`function(unit)` with one torch thread, so that it depends neither on the cores nor on what runs beside it."""
    import torch  # noqa: PLC0415  (a process that keeps files for others needs none)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with keeping_freed_memory():
            return function(unit)
    finally:
        torch.set_num_threads(before)
