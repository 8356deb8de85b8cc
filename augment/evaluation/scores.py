"""Class probabilities by side, arm and repeat, and the file in which they travel from training to the verdict."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.files import write_bytes

Float32 = NDArray[np.float32]
ScoresByArm = dict[str, list[Float32]]
PredictionsByArm = dict[str, list[NDArray[np.int64]]]


@dataclass(frozen=True)
class SideScores:
    """Class probabilities on val, on test and on external images, if any: arm -> float32 (N, classes) by repeat.

    seconds: arm -> of one processor, for all repeats; it stands in no output but the page
    """

    val: ScoresByArm = field(default_factory=dict)
    test: ScoresByArm = field(default_factory=dict)
    external: ScoresByArm = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __or__(self, other: "SideScores") -> "SideScores":
        """These and the arms of another."""
        sides = (self.val | other.val, self.test | other.test, self.external | other.external)
        return SideScores(*sides, self.seconds | other.seconds)

    def of_each_side(self, change: Callable[[ScoresByArm], ScoresByArm]) -> "SideScores":
        """The same change of every side."""
        return SideScores(change(self.val), change(self.test), change(self.external), self.seconds)


def predictions(scores: Mapping[str, Sequence[Float32]]) -> PredictionsByArm:
    """Class indices int64 (N,) of each arm and repeat."""
    return {arm: [probabilities.argmax(axis=1) for probabilities in by_repeat] for arm, by_repeat in scores.items()}


def save_scores(path: Path, scores: Mapping[str, Mapping[str, Sequence[Float32]]]) -> None:
    """Write one safetensors file. Every tensor is named `<part>/<arm>/<repeat>`; what holds their order is beside them.

    scores: part (a side, or what else was scored) -> arm or another name without slash -> (N, classes) for each repeat.
    """
    from safetensors.numpy import save  # noqa: PLC0415  (the page and the command line read no scores)

    tensors = {
        f"{part}/{arm}/{repeat}": np.ascontiguousarray(probabilities)
        for part, by_arm in scores.items()
        for arm, by_repeat in by_arm.items()
        for repeat, probabilities in enumerate(by_repeat)
    }
    write_bytes(path, save(tensors, {"order": json.dumps(list(tensors))}))  # one key: two come in random order


def load_scores(path: Path) -> dict[str, dict[str, list[Float32]]]:
    """What `save_scores` wrote, bit by bit and in its order; a part without arms is not there.

    Raises `DataError` when the file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415  (as above)

    scores: dict[str, dict[str, list[Float32]]] = {}
    try:
        with safe_open(path, "numpy") as file:
            for name in json.loads(file.metadata()["order"]):
                part, arm, _ = name.split("/")
                scores.setdefault(part, {}).setdefault(arm, []).append(file.get_tensor(name))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Run `dvc repro` to make it anew.") from error
    return scores
