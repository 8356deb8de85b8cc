"""Where the work of a run is done and kept: device, engine and work store."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from augment.core.engine import Engine, Here, Home
from augment.gan.gan_files import GanFiles


@dataclass(frozen=True)
class GanProgress:
    """How a GAN does, as a callback of `train_generators` is told, up to fifty times of each.

    name: `shared GAN` or `GAN of class dent`; step: of `steps`. The rest are means since the last call: the losses of
    the discriminator and the generator; win_rate: how often a real image scores above a fake one, from 0 to 1 (near 0.5
    nobody wins); gap: the mean logit margin, D(real) - D(fake).
    """

    name: str
    step: int
    steps: int
    d_loss: float
    g_loss: float
    win_rate: float
    gap: float


Callback = Callable[[GanProgress], bool | None]  # true: this GAN ends here, with what it has learnt


@dataclass(frozen=True)
class Backend:
    """Where the work is done and kept.

    stacked: GANs of equal settings train stacked, in this process, since several would only compete for
    a GPU; else each is a unit of the engine's, as all other work is. quiet: whether nothing is said.
    callback: told how each GAN does; it needs the GANs in this process. gpus_per_task: of a cluster, that a stack has.
    """

    engine: Engine
    device: str
    store: Path | None  # None: nothing is kept
    checkpoint_seconds: float
    stacked: bool = False
    quiet: bool = False
    callback: Callback | None = None
    gpus_per_task: float = 0.0

    @property
    def gan_engine(self) -> Engine:
        """By which GANs train, one or a stack a unit."""
        if self.engine.kind == "ray":
            return replace(self.engine, gpus=self.gpus_per_task)
        return Engine("serial") if self.stacked else self.engine


def home_of(backend: Backend) -> tuple[Path | None, Home]:
    """The folder of the work store and who reads and writes there, as units of work on any machine ask."""
    if backend.engine.kind == "ray" and backend.store is not None:
        return backend.store.absolute(), backend.engine.at_home(GanFiles())
    return backend.store, Here(GanFiles())


def backend_on(
    device: str, engine: Engine, store: Path | None, checkpoint_seconds: float, gpus_per_task: float = 0.0
) -> Backend:
    """GANs train on `device`, on a GPU in stacks; classifiers and all else on the CPU, by `engine`."""
    stacked = device == "cuda"
    return Backend(engine, device, store, checkpoint_seconds, stacked=stacked, gpus_per_task=gpus_per_task)
