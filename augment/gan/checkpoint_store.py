"""The work store: checkpoints and finished GANs under `.work/<fingerprint>/`, unknown to DVC.

A GAN's fingerprint is the hash of all that decides its weights, so a killed run resumes, a
changed setting starts clean, and what is already trained is not trained again.
"""

import functools
import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from augment.core.environment import environment
from augment.core.files import exclusive, sha256, sweep_temporaries, write_bytes
from augment.core.processes import interruption
from augment.core.progress import say
from augment.gan.training.run import GanJob, GanResult, Weights
from augment.gan.training.stacked_trainer import fit_stacked
from augment.gan.training.trainer import fit

PACKAGE = Path(__file__).parent.parent
TRAINING_CODE = (
    "core/seeds.py",
    "gan/networks/architecture.py", "gan/networks/layers.py", "gan/networks/linear.py", "gan/networks/dcgan.py",
    "gan/networks/residual.py", "gan/networks/build.py",
    "gan/training/losses.py", "gan/training/augmentation.py", "gan/training/adaptive_augmentation.py",
    "gan/training/augmentation_leaks.py", "gan/training/checks.py", "gan/training/step.py", "gan/training/state.py",
    "gan/training/run.py", "gan/training/trainer.py", "gan/training/stack.py", "gan/training/stacked_trainer.py",
)  # fmt: skip
HASH_DIGITS = 64  # of the SHA-256 that every file of the store begins with
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class StoredJob:
    """A job and where its work is kept; `folder` None keeps nothing."""

    job: GanJob
    folder: Path | None
    checkpoint_seconds: float


def train_gan(stored: StoredJob) -> GanResult:
    """The finished GAN of a job: from the store, resumed, or from the first step.

    Raises `StoreError` when another run is working on the same GAN or the disk is full.
    """
    with interruption() as stop, _lock_folder(stored) as folder:
        result = _load_finished(folder)
        if result is None:
            result = fit(
                stored.job,
                resume=_load_checkpoint(folder),
                save=functools.partial(_save_checkpoint, folder),
                save_seconds=stored.checkpoint_seconds,
                stop=stop,
                on_step=_step_progress(stored.job.name),
            )
            _save_finished(folder, result)
        return result


def train_stacked(stored: Sequence[StoredJob]) -> list[GanResult]:
    """The finished GANs of jobs that are `stackable`, trained in stacks where `train_gan` has not finished them.

    A single one is a plain run. Raises what `train_gan` raises.
    """
    if len(stored) == 1:
        return [train_gan(stored[0])]
    with interruption() as stop, ExitStack() as locks:
        folders = [locks.enter_context(_lock_folder(stored_job)) for stored_job in stored]
        results = [_load_finished(folder) for folder in folders]
        left = [position for position, result in enumerate(results) if result is None]
        made = fit_stacked(
            [stored[position].job for position in left],
            resume=[_load_checkpoint(folders[position]) for position in left],
            saves=[functools.partial(_save_checkpoint, folders[position]) for position in left],
            save_seconds=stored[0].checkpoint_seconds,
            stop=stop,
            on_step=_step_progress(f"a stack of {len(left)} GANs"),
        )
        for number, result in made:
            results[left[number]] = result
            _save_finished(folders[left[number]], result)
    return [result for result in results if result is not None]


def load_finished(stored: StoredJob) -> GanResult | None:
    """The finished GAN of a job, if the store holds it."""
    return None if stored.folder is None else _load_finished(stored.folder / fingerprint(stored.job))


def is_finished(stored: StoredJob) -> bool:
    """Whether the store holds the finished GAN of a job."""
    return stored.folder is not None and (stored.folder / fingerprint(stored.job) / "finished.pt").exists()


def fingerprint(job: GanJob) -> str:
    """32 hex digits over images, sampling weights, settings, seed, starting weights, code and environment."""
    digest = hashlib.sha256()
    digest.update(str(job.images.shape).encode() + job.images.tobytes() + job.sampling_weights.tobytes())
    digest.update(json.dumps([asdict(job.settings), job.seed, environment(job.device)], sort_keys=True).encode())
    for weights in (job.start.generator, job.start.discriminator) if job.start else ():
        _add_weights(digest, weights or {})
    for name in TRAINING_CODE:
        digest.update((PACKAGE / name).read_bytes())
    return digest.hexdigest()[:32]


def _add_weights(digest: "hashlib._Hash", weights: Weights) -> None:
    for name in sorted(weights):
        digest.update(name.encode() + weights[name].numpy().tobytes())


@contextmanager
def _lock_folder(stored: StoredJob) -> Iterator[Path | None]:
    """A GAN's own folder, this run's alone; None where nothing is kept."""
    if stored.folder is None:
        yield None
        return
    folder = stored.folder / fingerprint(stored.job)
    with exclusive(folder):
        sweep_temporaries(folder)
        yield folder


def _load_finished(folder: Path | None) -> GanResult | None:
    values = _read(folder / "finished.pt") if folder else None
    return None if values is None else GanResult(**values)


def _load_checkpoint(folder: Path | None) -> dict[str, Any] | None:
    return _read(folder / "checkpoint.pt") or _read(folder / "previous.pt") if folder else None


def _save_finished(folder: Path | None, result: GanResult) -> None:
    """Keep what is finished; checkpoints have served."""
    if folder is None:
        return
    _write(folder / "finished.pt", vars(result))
    for name in ("checkpoint.pt", "previous.pt"):
        (folder / name).unlink(missing_ok=True)


def _save_checkpoint(folder: Path | None, state: dict[str, Any]) -> None:
    """Two generations: the older one stays until the newer one is whole."""
    if folder is None:
        return
    newest = folder / "checkpoint.pt"
    if newest.exists():
        newest.replace(folder / "previous.pt")
    _write(newest, state)


def _write(path: Path, state: dict[str, Any]) -> None:
    stream = io.BytesIO()
    torch.save(state, stream)
    write_bytes(path, sha256(stream.getvalue()).encode() + stream.getvalue())


def _read(path: Path) -> dict[str, Any] | None:
    """What `_write` wrote, or None when it is absent or damaged."""
    if not path.exists():
        return None
    content = path.read_bytes()
    if sha256(content[HASH_DIGITS:]).encode() != content[:HASH_DIGITS]:
        return None
    state: dict[str, Any] = torch.load(io.BytesIO(content[HASH_DIGITS:]), weights_only=True)
    return state


def _step_progress(name: str) -> Callable[[int, int], None]:
    """Say now and then how far a GAN is and how long it still takes."""
    began = printed_at = time.monotonic()
    stepped = -1

    def on_step(step: int, steps: int) -> None:
        nonlocal began, printed_at, stepped
        now = time.monotonic()
        stepped += 1  # the step itself may go back
        if stepped == 0:  # the first step also warms up, and would promise hours
            began = now
        elif now - printed_at > PROGRESS_SECONDS:
            printed_at = now
            left = (now - began) / stepped * (steps - step)
            say(f"  {name}: step {step} of {steps}, {left:.0f} s left")

    return on_step
