"""Whether the machines of a Ray cluster can do the work: each has this package, and the same one."""

import hashlib
import importlib.util
import socket
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from augment.core.errors import ClusterError

PACKAGE = "augment"
LOOK_SECONDS = 60.0  # a machine that has so much to do that it starts no process in this time is passed over


def require_usable() -> None:
    """Ask every machine that lends cores or GPUs. Raises `ClusterError` that names those without the package, or with
    another version of it, whose results would be others."""
    import ray  # noqa: PLC0415  (an extra)
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415  (an extra)

    look = ray.remote(num_cpus=0, max_retries=0)(_look_at(PACKAGE))
    lends = [node for node in ray.nodes() if node["Alive"] and (node["Resources"].keys() & {"CPU", "GPU"})]
    asked = {
        look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(): node
        for node in lends
    }
    answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=LOOK_SECONDS)
    own = version()
    found = [(_name(asked[answer]), _answer(answer)) for answer in answered]
    if lacking := sorted(name for name, digest in found if digest is None):
        raise ClusterError(
            f"machines of the Ray cluster do not have gan-augment: {', '.join(lacking[:5])}. Install it there as here "
            "(pip install 'gan-augment[pipeline,ray]'), in the Python that `ray start` was run with"
        )
    if others := sorted(name for name, digest in found if digest not in (None, own, "")):
        raise ClusterError(
            f"machines of the Ray cluster have another version of gan-augment: {', '.join(others[:5])}. "
            "Install the same one on all, since another one may make other images"
        )


@lru_cache
def version() -> str | None:
    """The hash of this machine's package, by which machines know that they would make the same."""
    return _look_at(PACKAGE)()


def require_version(of_run: str | None) -> None:
    """What a machine asks ahead of a unit, since it may have joined after the run began. Raises `ClusterError`."""
    if version() != of_run:
        raise ClusterError(
            f"{socket.gethostname()} of the Ray cluster has another version of gan-augment than the run. Install the "
            "same one on all, since another one may make other images"
        )


def _look_at(package: str) -> Callable[[], str | None]:
    """What a machine does for that; a function within one, which travels with its code, as a module would not."""

    def look() -> str | None:
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            return None
        folder, digest = Path(found.origin).parent, hashlib.sha256()
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()

    return look


def _answer(answer: Any) -> str | None:
    """An empty text of a machine that went meanwhile."""
    import ray  # noqa: PLC0415  (an extra)

    try:
        found: str | None = ray.get(answer)
    except ray.exceptions.RayError:
        return ""
    return found


def _name(node: dict[str, Any]) -> str:
    return str(node["NodeManagerHostname"])
