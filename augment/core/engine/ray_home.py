"""Objects of the machine that a run was started on, as units on the machines of a Ray cluster ask them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from augment.core.engine.home import Answer, Kept


@dataclass(frozen=True)
class AtHome(Generic[Kept]):
    """In a process of that machine, beside the one that the run is."""

    keeper: Any

    def ask(self, method: Callable[..., Answer], *arguments: Any) -> Answer:
        import ray  # noqa: PLC0415  (an extra)

        try:
            answer: Answer = ray.get(self.keeper.ask.remote(method, *arguments))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error
        return answer


class _Keeper(Generic[Kept]):
    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def ask(self, method: Callable[..., Answer], *arguments: Any) -> Answer:
        return method(self._kept, *arguments)


def keep_at_home(kept: Kept) -> AtHome[Kept]:
    """Start that process; it ends when nobody can ask it any more."""
    import ray  # noqa: PLC0415  (an extra)
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415  (an extra)

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    keeper = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, scheduling_strategy=here)(_Keeper)
    return AtHome(keeper.remote(kept))
