"""The Ray cluster that a process works on: joined or started once, checked, and gone with the process."""

import importlib.util
import logging
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from augment.core.engine import ray_nodes
from augment.core.errors import ClusterError

Answer = TypeVar("Answer")
ANSWER_SECONDS = 2.0  # in which a machine of a cluster takes a connection
GONE_SECONDS = 6.0  # a head that takes none for so long is gone
_AGAIN_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
SET_LOCAL = "set compute.engine: local in params.yaml"


def connect(address: str | None, jobs: int) -> None:
    """Join the cluster at an address (host:port, `auto`), or start one of so many cores where that is None; nothing
    where this process has one by now. Raises `ClusterError` that says why it cannot, within 5 s where none answers."""
    ray = ray_module()
    if ray.is_initialized():
        return
    where: dict[str, Any] = {"address": "local", "num_cpus": jobs, "include_dashboard": False}
    if address is not None:
        found = _found(address)
        _require_answer(found, address)
        where = {"address": address}
    with _own_signals(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Ray thinks of the machine and of its own next release
        try:
            ray.init(**where, log_to_driver=False, logging_level=logging.CRITICAL, configure_logging=False)
        except Exception as error:  # of every kind
            raise ClusterError(_why_not(error, address)) from error
    ray._private.worker._worker_logs_enabled = False  # Ray would tell of each lost machine, in twenty lines
    try:
        ray_nodes.require_usable()
    except BaseException:
        ray.shutdown()
        raise


def ray_module() -> Any:
    """Ray, which tells nobody that it is used. Raises `ClusterError` where it is not installed."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if importlib.util.find_spec("ray") is None:
        raise ClusterError(
            "compute.engine: ray needs Ray, which is not installed: pip install 'gan-augment[ray]' "
            f"(on every machine of the cluster), or {SET_LOCAL}"
        )
    import ray  # noqa: PLC0415  (an extra)

    logging.getLogger("ray").setLevel(logging.CRITICAL)
    return ray


def units_at_once(gpus: float) -> int:
    """How many units the machines that are there now run at a time, each on one core, or on `gpus` GPUs. Raises
    `ClusterError` where there is room for none."""
    nodes = [node["Resources"] for node in _asked(ray_module().nodes) if node["Alive"]]
    if not gpus:
        rooms = [int(resources.get("CPU", 0)) for resources in nodes]
        missing = "its machines lend no core (--num-cpus of `ray start`); add one that does"
    else:
        rooms = [int(resources.get("GPU", 0) / gpus) for resources in nodes]
        most = max((resources.get("GPU", 0) for resources in nodes), default=0)
        missing = f"compute.gpus_per_task: {gpus:g}, and no machine of it has more than {most:g}; set it to less"
    if not sum(rooms):
        raise ClusterError(f"the Ray cluster has no room for one unit of work: {missing}")
    return sum(rooms)


def require_alive() -> None:
    """Raises `ClusterError` where the head takes no connection for a while: Ray itself would wait for a minute, then
    end this process."""
    ray = ray_module()
    address, began = ray.get_runtime_context().gcs_address, time.monotonic()
    while not _answers(address):
        if time.monotonic() - began > GONE_SECONDS:
            raise ClusterError(
                "the Ray cluster is gone. What was finished is kept in the work store: start the cluster anew and run "
                f"the same command again, or {SET_LOCAL}"
            )
        time.sleep(_AGAIN_SECONDS)


def _asked(call: Callable[[], Answer]) -> Answer:
    """What a call to the head returns, on a thread of its own, since it would not come back from a head that is gone.
    Raises `ClusterError` for one that is."""
    answer = Future[Answer]()

    def ask() -> None:
        try:
            answer.set_result(call())
        except Exception as error:  # of every kind
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    while not wait([answer], timeout=_AGAIN_SECONDS).done:
        require_alive()
    if error := answer.exception():
        raise ClusterError(
            f"the head of the Ray cluster cannot be asked: {error}. Look at it with `ray status`"
        ) from error
    return answer.result()


def _found(address: str) -> str:
    """host:port of an address, as Ray finds it. Raises `ClusterError` where `auto` leads nowhere."""
    if address != "auto":
        return address
    file = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
    found = os.environ.get("RAY_ADDRESS") or (file.read_text().strip() if file.is_file() else "")
    if not found:
        raise ClusterError(
            "compute.address: auto, but this machine is in no Ray cluster. Start one (`ray start --head`), join one "
            "(`ray start --address=HOST:6379`), or set compute.address: null, which starts one for the time of a stage"
        )
    return found


def _require_answer(found: str, address: str) -> None:
    if not _answers(found):
        which = "" if found == address else f" ({found})"
        raise ClusterError(
            f"compute.address: {address}{which} does not answer. Look whether the cluster runs (`ray status` on its "
            "head) and whether its port can be reached from here, or set compute.address: null, which starts one here"
        )


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _why_not(error: Exception, address: str | None) -> str:
    """What Ray says, in our words where it is known."""
    text = " ".join(str(error).split())
    if "ersion mismatch" in text:
        return (
            f"compute.address: {address} runs another version of Ray or Python: {text[:300]}. Install the same ones "
            "here and there; constraints.txt has those that are tested"
        )
    if address is None:
        return f"no Ray cluster could be started here: {text[:300]}. Free memory and processes, or {SET_LOCAL}"
    return (
        f"compute.address: {address} could not be joined: {text[:300]}. This machine has to be one of the cluster: "
        f"`ray start --address={address}` (with --num-cpus=0 where it is to do no work), then run the command again"
    )


@contextmanager
def _own_signals() -> Iterator[None]:
    """Within, Ray may take the signals; afterwards they are again whose they were."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # not one of Python's
                signal.signal(number, handler)
