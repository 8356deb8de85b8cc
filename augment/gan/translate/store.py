"""Translators in the work store: a shared start and each class's, under the hash of all that decides their weights."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from augment.core.engine import Home
from augment.core.environment import environment
from augment.core.errors import TrainingError
from augment.gan.checkpoint_store import PACKAGE, TRAINING_CODE, KeptGan, held
from augment.gan.gan_files import FINISHED
from augment.gan.training.run import GanSettings
from augment.gan.translate.lessons import Lessons
from augment.gan.translate.network import TranslatorNetwork, TranslatorShape
from augment.gan.translate.training import class_translator, shared_start

CODE = [*TRAINING_CODE, *sorted(PACKAGE.glob("gan/translate/*.py"))]
State = dict[str, Any]


@dataclass(frozen=True)
class TranslatorJob:
    """settings: of the class's GAN; store: None keeps nothing; files: who reads and writes there, as of `StoredJob`."""

    settings: GanSettings
    seed: int
    store: Path | None
    files: Home


@dataclass(frozen=True)
class Learnt:
    """network: None where there is a reason why not; diversity, ended: as `TranslatorResult` has them."""

    network: TranslatorNetwork | None
    diversity: float
    ended: str
    reason: str


def stored_start(unit: tuple[list[Lessons], TranslatorJob]) -> TranslatorNetwork:
    """`shared_start`, from the store where it is there."""
    every, job = unit
    state = _kept(job, every, {}, lambda: _state(shared_start(every, job.settings, job.seed)))
    return _network(state)


def stored_translator(unit: tuple[Lessons, TranslatorNetwork, TranslatorJob]) -> Learnt:
    """`class_translator`, from the store where it is there, or why there is none."""
    lessons, start, job = unit

    def made() -> State:
        try:
            result = class_translator(lessons, start, job.settings, job.seed)
        except TrainingError as error:
            return {"reason": str(error)}
        return _state(result.network) | {"diversity": result.diversity, "ended": result.ended, "reason": ""}

    state = _kept(job, [lessons], start.state_dict(), made)
    if state["reason"]:
        return Learnt(None, 0.0, "", state["reason"])
    return Learnt(_network(state), state["diversity"], state["ended"], "")


def _kept(job: TranslatorJob, every: list[Lessons], start: dict[str, Tensor], make: Callable[[], State]) -> State:
    folder = None if job.store is None else job.store / _fingerprint(job, every, start)
    with held(KeptGan(folder, job.files)) as kept:
        state = kept.read(FINISHED)
        if state is None:
            state = make()
            kept.save_finished(state)
    return state


def _fingerprint(job: TranslatorJob, every: list[Lessons], start: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(json.dumps([asdict(job.settings), job.seed, environment("cpu")], sort_keys=True).encode())
    for lessons in every:
        for name, value in vars(lessons).items():
            content = (
                value.encode()
                if isinstance(value, str)
                else f"{value.shape}".encode() + bytes(value.numpy() if isinstance(value, Tensor) else value)
            )
            digest.update(name.encode() + content)
    for name in sorted(start):
        digest.update(name.encode() + start[name].numpy().tobytes())
    for file in CODE:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _state(network: TranslatorNetwork) -> State:
    return {"shape": asdict(network.shape), "weights": network.state_dict()}


def _network(state: State) -> TranslatorNetwork:
    with torch.device("meta"):  # no weights are drawn
        network = TranslatorNetwork(TranslatorShape(**state["shape"]))
    network.load_state_dict(state["weights"], assign=True)
    return network.requires_grad_(False).eval()
