"""The work store: checkpoints and finished GANs under `.work/<fingerprint>/`, unknown to DVC.

A GAN's fingerprint is the hash of all that decides its weights, so a killed run resumes, a
changed setting starts clean, and what is already trained is not trained again.
"""

import hashlib
import io
import json
import pickle
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from augment.core.engine import Here, Home
from augment.core.environment import environment
from augment.core.errors import StoreError
from augment.core.processes import interruption
from augment.core.progress import say
from augment.gan.gan_files import CHECKPOINT, FINISHED, PREVIOUS, GanFiles
from augment.gan.training.run import GanJob, GanResult, OnRow, OnStep, Weights, never_ends
from augment.gan.training.stacked_trainer import fit_stacked
from augment.gan.training.trainer import fit

PACKAGE = Path(__file__).parent.parent
TRAINING_CODE = [PACKAGE / "core/seeds.py", PACKAGE / "core/intervals.py",
                 *sorted(PACKAGE.glob("gan/networks/*.py")), *sorted(PACKAGE.glob("gan/training/*.py"))]  # fmt: skip
_RESULT_KEYS = {field.name for field in fields(GanResult)}
PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class StoredJob:
    """A job and where its work is kept; `folder` None keeps nothing.

    on_step: told of each step, None: lines say how far it is. on_row: as `fit` takes it. files: who reads and writes in
    `folder`, which may be on another machine than the job.
    """

    job: GanJob
    folder: Path | None
    checkpoint_seconds: float
    on_step: OnStep | None = None
    on_row: OnRow = never_ends
    files: Home = field(default_factory=lambda: Here(GanFiles()))

    @property
    def own_folder(self) -> Path | None:
        return None if self.folder is None else self.folder / fingerprint(self.job)


@dataclass(frozen=True)
class KeptGan:
    """What is kept of one GAN; nothing where there is no folder."""

    folder: Path | None
    files: Home = field(default_factory=lambda: Here(GanFiles()))

    def read(self, name: str) -> dict[str, Any] | None:
        """What was kept under this name for this GAN, or None when it is absent, damaged, or another's."""
        content = None if self.folder is None else self.files.ask(GanFiles.read, self.folder, name)
        if content is None:
            return None
        try:
            state = torch.load(io.BytesIO(content), weights_only=True)
        except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
            return None
        return state if isinstance(state, dict) else None

    def checkpoint(self) -> dict[str, Any] | None:
        return self.read(CHECKPOINT) or self.read(PREVIOUS)

    def finished(self) -> GanResult | None:
        values = self.read(FINISHED)
        return GanResult(**values) if values is not None and values.keys() == _RESULT_KEYS else None

    def save_checkpoint(self, state: dict[str, Any]) -> None:
        if self.folder is not None:
            self.files.ask(GanFiles.save_checkpoint, self.folder, _content(state))

    def save_finished(self, state: Mapping[str, Any]) -> None:
        if self.folder is not None:
            self.files.ask(GanFiles.save_finished, self.folder, _content(dict(state)))


@dataclass(frozen=True)
class FinishedGan:
    """What came of a job, without weights where a folder of the work store has them: a thousand classes have no room
    for theirs."""

    result: GanResult
    folder: Path | None

    def whole(self) -> GanResult:
        """The result with its weights. Raises `StoreError` where the file that had them is gone."""
        if self.folder is None:
            return self.result
        found = KeptGan(self.folder).finished()
        if found is None:
            raise StoreError(
                f"{self.folder / FINISHED}: this GAN was finished, and its file has gone or changed since. Run the "
                "same command again, which trains it anew and no other."
            )
        return found


def train_stacked(stored: Sequence[StoredJob]) -> list[FinishedGan]:
    """The finished GANs of jobs that are `stackable`, or of one alone: from the store, resumed, or from the first step.

    Raises `StoreError` when another run is working on the same GAN or the disk is full.
    """
    with interruption() as stop, ExitStack() as locks:
        kept = [locks.enter_context(held(KeptGan(stored_job.own_folder, stored_job.files))) for stored_job in stored]
        gans = [_at_rest(of_job.finished(), of_job) for of_job in kept]
        left = [position for position, gan in enumerate(gans) if gan is None]
        jobs = [stored[position].job for position in left]
        resume = [kept[position].checkpoint() for position in left]
        saves = [kept[position].save_checkpoint for position in left]
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
            ended_early = not result.reason and result.steps != jobs[number].settings.steps
            of_job = KeptGan(None) if ended_early else kept[left[number]]  # it would be another GAN
            of_job.save_finished(vars(result))
            gans[left[number]] = _at_rest(result, of_job)
    return [gan for gan in gans if gan is not None]


def _at_rest(result: GanResult | None, kept: KeptGan) -> FinishedGan | None:
    if result is None:
        return None
    return FinishedGan(result if kept.folder is None else replace(result, generator={}, discriminator={}), kept.folder)


def load_finished(stored: StoredJob) -> GanResult | None:
    return KeptGan(stored.own_folder, stored.files).finished()


def is_finished(stored: StoredJob) -> bool:
    folder = stored.own_folder
    return folder is not None and (folder / FINISHED).exists()


def fingerprint(job: GanJob) -> str:
    """32 hex digits over images, sampling weights, settings, seed, starting weights, code and environment."""
    digest = hashlib.sha256()
    digest.update(str(job.images.shape).encode())
    digest.update(np.ascontiguousarray(job.images).data)
    digest.update(job.sampling_weights.tobytes())
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
def held(kept: KeptGan) -> Iterator[KeptGan]:
    """What is kept of a GAN, for this run alone. Raises `InUseError`."""
    if kept.folder is None:
        yield kept
        return
    kept.files.ask(GanFiles.hold, kept.folder)
    try:
        yield kept
    finally:
        kept.files.ask(GanFiles.release, kept.folder)


def _content(state: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


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
