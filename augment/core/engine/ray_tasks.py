"""Units of work as plain tasks of a Ray cluster. A machine that is lost costs its units, which run again elsewhere."""

import io
import itertools
import os
import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from augment.core.engine import ray_cluster, ray_nodes
from augment.core.engine.shared_array import SharedArray
from augment.core.engine.unit import Result, Unit, in_one_thread
from augment.core.errors import ClusterError, WorkerError

RETRIES = 3  # of a unit whose process or machine is lost; one that raises is not tried again
_LOOK_SECONDS = 5.0  # without a word, and the cluster is looked at
_SAVE_SECONDS = 20.0  # that units have to keep what they have done, when the run is told to end

_sent: "WeakKeyDictionary[SharedArray, Any]" = WeakKeyDictionary()  # where the object store has them


def map_on_cluster(
    function: Callable[[Unit], Result], units: Sequence[Unit], gpus: float
) -> Iterator[tuple[int, Result]]:
    """As `Engine.map`, on the cluster that this process has joined, as many units at a time as its machines run. Raises
    `WorkerError` for a unit that lost its process again and again, `ClusterError` where the cluster is gone."""
    ray = ray_cluster.ray_module()
    cores = 0 if gpus else 1
    task = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=RETRIES)(_run)
    left, at_work = iter(enumerate(units)), dict[Any, int]()
    try:
        while True:
            room = max(0, ray_cluster.units_at_once(gpus) - len(at_work))
            at_work |= {_send(task, function, unit): position for position, unit in itertools.islice(left, room)}
            if not at_work:
                return
            for done in _finished(ray, list(at_work)):
                yield at_work.pop(done), _result(ray, done)
    except ClusterError:
        raise  # nobody is there to be told
    except BaseException:
        _end(ray, list(at_work))
        raise


def _send(task: Any, function: Callable[[Unit], Result], unit: Unit) -> Any:
    """The unit and all that it needs travel, but shared arrays: Ray brings each once to every machine that asks."""
    from ray.cloudpickle import CloudPickler  # noqa: PLC0415  (an extra)

    arrays: list[SharedArray] = []

    class Pickler(CloudPickler):  # type: ignore[misc]
        def persistent_id(self, thing: Any) -> int | None:
            if not isinstance(thing, SharedArray):
                return None
            arrays.append(thing)
            return len(arrays) - 1

    Pickler(stream := io.BytesIO()).dump((function, unit))
    return task.remote(stream.getvalue(), ray_nodes.version(), *map(_sent_array, arrays))


class _Unpickler(pickle.Unpickler):
    """Puts shared arrays back in."""

    def __init__(self, content: bytes, arrays: Sequence[SharedArray]) -> None:
        super().__init__(io.BytesIO(content))
        self._arrays = arrays

    def persistent_load(self, number: int) -> SharedArray:
        return self._arrays[number]


def _sent_array(shared: SharedArray) -> Any:
    import ray  # noqa: PLC0415  (an extra)

    if shared not in _sent:
        _sent[shared] = ray.put(shared.array)
    return _sent[shared]


def _run(content: bytes, version: str | None, *arrays: Any) -> Any:
    """What a task does. Bytes come back, since arrays of Ray's own cannot be written."""
    from ray import cloudpickle  # noqa: PLC0415  (an extra)

    ray_nodes.require_version(version)
    warnings.filterwarnings("ignore", "The given NumPy array is not writ", UserWarning)  # nor can shared ones
    function, unit = _Unpickler(content, list(map(SharedArray, arrays))).load()
    try:
        return cloudpickle.dumps(in_one_thread(function, unit))
    except KeyboardInterrupt:  # Ray lets the machine go, and takes an end of the process for its loss; or the run ends
        os._exit(1)


def _finished(ray: Any, at_work: list[Any]) -> list[Any]:
    """Some that are done. Raises `ClusterError` where the cluster is gone."""
    while True:
        done, _ = ray.wait(at_work, num_returns=1, timeout=_LOOK_SECONDS)
        if done:
            return list(done)
        ray_cluster.require_alive()


def _result(ray: Any, done: Any) -> Any:
    """What a unit returned, or raised."""
    try:
        return pickle.loads(ray.get(done))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.OutOfMemoryError as error:
        raise WorkerError(
            "a machine of the Ray cluster has not enough memory for one unit of work beside the others. Lend fewer of "
            "its cores (--num-cpus of `ray start`) and run the same command again: the work store is kept."
        ) from error
    except ray.exceptions.RayError as error:
        raise WorkerError(
            f"a unit of work lost its process {RETRIES + 1} times on the Ray cluster ({type(error).__name__}), most "
            "likely for want of memory. Lend fewer cores of a machine (--num-cpus of `ray start`) and run the same "
            "command again: the work store is kept."
        ) from error


def _end(ray: Any, at_work: list[Any]) -> None:
    """Tell units that nobody waits for to keep what they have done, and give them the time."""
    if at_work and ray.is_initialized():
        for unit in at_work:
            ray.cancel(unit)
        ray.wait(at_work, num_returns=len(at_work), timeout=_SAVE_SECONDS)
