"""Map a function over independent units of work: one contract, three ways.

A unit always runs with one torch thread, wherever it runs, so its result does not depend on the engine or on what runs
beside it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from augment.core.engine import ray_cluster, ray_home, ray_tasks
from augment.core.engine.home import Here, Home, Kept
from augment.core.engine.local import map_in_processes
from augment.core.engine.unit import Result, Unit, in_one_thread
from augment.core.processes import cores
from augment.core.progress import Progress

Kind = Literal["serial", "local", "ray"]
UNITS_HELD = 8  # of each process


@dataclass(frozen=True)
class Engine:
    """How units are run: `serial` in this process, `local` in `jobs` processes of one thread, `ray` on a cluster.

    address: of the cluster, host:port or `auto`; None: one of `jobs` cores is started here, and ends with this process.
    gpus: of a cluster, that each unit has to itself, or a share of one.
    """

    kind: Kind = "serial"
    jobs: int = 1
    address: str | None = None
    gpus: float = 0.0

    @property
    def processes(self) -> int:
        """How many units run at a time. Raises `ClusterError` where a cluster cannot be reached."""
        if self.kind != "ray":
            return 1 if self.kind == "serial" else self.jobs
        if self.address is None and not self.gpus:
            return self.jobs
        ray_cluster.connect(self.address, self.jobs)
        return ray_cluster.units_at_once(self.gpus)

    @property
    def here(self) -> "Engine":
        """Units that read what lies on this machine alone: in its processes, also beside a cluster."""
        return Engine("local", self.jobs) if self.kind == "ray" else self

    def runs_here(self, units: int) -> bool:
        """Whether so many units run in this process."""
        return units == 0 or (self.kind != "ray" and (self.processes == 1 or units == 1))

    def map(self, function: Callable[[Unit], Result], units: Sequence[Unit]) -> Iterator[tuple[int, Result]]:
        """Yield `(position, function(unit))` as units finish; an exception of a unit is raised here. Raises
        `WorkerError` when a process was killed, as a machine short of memory does, and `ClusterError` where a cluster
        cannot be used, or is gone."""
        if self.runs_here(len(units)):
            yield from ((position, in_one_thread(function, unit)) for position, unit in enumerate(units))
        elif self.kind == "local":
            yield from map_in_processes(function, units, self.jobs)
        else:
            ray_cluster.connect(self.address, self.jobs)
            yield from ray_tasks.map_on_cluster(function, units, self.gpus)

    def stream(self, function: Callable[[Unit], Result], units: Iterator[Unit]) -> Iterator[tuple[int, Result]]:
        """As `map`, of units that are made as they are wanted: a few for each process, and their results, are held at a
        time, however slowly these are taken."""
        start = 0
        while some := list(islice(units, UNITS_HELD * self.processes)):
            yield from ((start + position, result) for position, result in self.map(function, some))
            start += len(some)

    def gather(self, function: Callable[[Unit], Result], units: Sequence[Unit], name: str = "") -> list[Result]:
        """`function` of every unit, in the order of the units; with a name, progress is said. Raises as `map` does."""
        progress = Progress(name, len(units))
        results: dict[int, Result] = {}
        for position, result in self.map(function, units):
            results[position] = result
            if name:
                progress.advance()
        return [results[position] for position in range(len(units))]

    def at_home(self, kept: Kept) -> Home:
        """The object as units of this engine ask it. Raises `ClusterError` as `map` does."""
        if self.kind != "ray":
            return Here(kept)
        ray_cluster.connect(self.address, self.jobs)
        return ray_home.keep_at_home(kept)


def engine_of(kind: Kind, jobs: int | Literal["auto"], address: str | None) -> Engine:
    """As `compute:` says it; `auto`: as many as there are cores."""
    return Engine(kind, cores() if jobs == "auto" else jobs, address)
