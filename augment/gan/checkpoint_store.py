"""The work store: checkpoints and finished GANs under `.work/<fingerprint>/`, unknown to DVC.

A GAN's fingerprint is the hash of all that decides its weights, so a killed run resumes, a
changed setting starts clean, and what is already trained is not trained again.
"""

import functools
import hashlib
import io
import json
import pickle
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from augment.core.environment import environment
from augment.core.files import exclusive, sweep_temporaries
from augment.core.processes import interruption
from augment.core.progress import say
from augment.gan.training.run import GanJob, GanResult, OnRow, OnStep, Weights, never_ends
from augment.gan.training.stacked_trainer import fit_stacked
from augment.gan.training.trainer import fit
from augment.project.sealed import read_sealed, write_sealed

PACKAGE = Path(__file__).parent.parent
TRAINING_CODE = [PACKAGE / "core/seeds.py", PACKAGE / "core/intervals.py",
                 *sorted(PACKAGE.glob("gan/networks/*.py")), *sorted(PACKAGE.glob("gan/training/*.py"))]  # fmt: skip
_RESULT_KEYS = {field.name for field in fields(GanResult)}
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class StoredJob:
    """A job and where its work is kept; `folder` None keeps nothing.

    on_step: told of each step, None: lines say how far it is. on_row: as `fit` takes it.
    """

    job: GanJob
    folder: Path | None
    checkpoint_seconds: float
    on_step: OnStep | None = None
    on_row: OnRow = never_ends


def train_stacked(stored: Sequence[StoredJob]) -> list[GanResult]:
    """The finished GANs of jobs that are `stackable`, or of one alone: from the store, resumed, or from the first step.

    Raises `StoreError` when another run is working on the same GAN or the disk is full.
    """
    with interruption() as stop, ExitStack() as locks:
        folders = [locks.enter_context(_lock_folder(stored_job)) for stored_job in stored]
        results = [_load_finished(folder) for folder in folders]
        left = [position for position, result in enumerate(results) if result is None]
        jobs = [stored[position].job for position in left]
        resume = [_load_checkpoint(folders[position]) for position in left]
        saves = [functools.partial(_save_checkpoint, folders[position]) for position in left]
        name = f"a stack of {len(left)} GANs" if len(stored) > 1 else stored[0].job.name
        on_step = stored[0].on_step or _step_progress(name)
        common: Any = {"save_seconds": stored[0].checkpoint_seconds, "stop": stop, "on_step": on_step}
        on_rows = [stored[position].on_row for position in left]
        made: Iterable[tuple[int, GanResult]]
        if len(stored) > 1:
            made = fit_stacked(jobs, resume=resume, saves=saves, on_rows=on_rows, **common)
        else:
            made = [(0, fit(job, resume=resume[0], save=saves[0], on_row=on_rows[0], **common)) for job in jobs]
        for number, result in made:
            results[left[number]] = result
            if result.reason or result.steps == jobs[number].settings.steps:  # what was ended early is another GAN
                _save_finished(folders[left[number]], result)
    return [result for result in results if result is not None]


def load_finished(stored: StoredJob) -> GanResult | None:
    return None if stored.folder is None else _load_finished(stored.folder / fingerprint(stored.job))


def is_finished(stored: StoredJob) -> bool:
    return stored.folder is not None and (stored.folder / fingerprint(stored.job) / "finished.pt").exists()


def fingerprint(job: GanJob) -> str:
    """32 hex digits over images, sampling weights, settings, seed, starting weights, code and environment."""
    digest = hashlib.sha256()
    digest.update(str(job.images.shape).encode() + job.images.tobytes() + job.sampling_weights.tobytes())
    digest.update(json.dumps([asdict(job.settings), job.seed, environment(job.device)], sort_keys=True).encode())
    for weights in (job.start.generator, job.start.discriminator) if job.start else ():
        _add_weights(digest, weights or {})
    for file in TRAINING_CODE:
        digest.update(file.read_bytes())
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
    values = read_state(folder / "finished.pt") if folder else None
    return GanResult(**values) if values is not None and values.keys() == _RESULT_KEYS else None


def _load_checkpoint(folder: Path | None) -> dict[str, Any] | None:
    return read_state(folder / "checkpoint.pt") or read_state(folder / "previous.pt") if folder else None


def _save_finished(folder: Path | None, result: GanResult) -> None:
    """Keep what is finished; checkpoints have served."""
    if folder is None:
        return
    write_state(folder / "finished.pt", vars(result))
    for name in ("checkpoint.pt", "previous.pt"):
        (folder / name).unlink(missing_ok=True)


def _save_checkpoint(folder: Path | None, state: dict[str, Any]) -> None:
    """Two generations: the older one stays until the newer one is whole."""
    if folder is None:
        return
    newest = folder / "checkpoint.pt"
    if newest.exists():
        newest.replace(folder / "previous.pt")
    write_state(newest, state)


def write_state(path: Path, state: dict[str, Any]) -> None:
    stream = io.BytesIO()
    torch.save(state, stream)
    write_sealed(path, path.parent.name, stream.getvalue())


def read_state(path: Path) -> dict[str, Any] | None:
    """What `write_state` wrote for this GAN, or None when it is absent, damaged, or another's."""
    content = read_sealed(path, path.parent.name)
    if content is None:
        return None
    try:
        state = torch.load(io.BytesIO(content), weights_only=True)
    except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
        return None
    return state if isinstance(state, dict) else None


def _step_progress(name: str) -> OnStep:
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
