"""A project whose first three stages have run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.core.files import write_json
from augment.gan.generators import GeneratorSet
from pipeline import experiment as stage
from tests.pipeline.evaluated import COUNTS
from tests.toy import Fixed, bars, toy_set


@pytest.fixture
def toy_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prepared splits in the working folder, and generators that give noisy bars."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/external").mkdir(parents=True)
    (tmp_path / "data/base").mkdir()
    sides = {
        "train": toy_set(COUNTS),
        "val": toy_set(COUNTS, seed=1),
        "test": toy_set(dict.fromkeys(COUNTS, 12), seed=2),
    }
    for name, side in sides.items():
        replace(side, groups=np.char.add(f"{name} ", side.groups)).save(tmp_path / "data/prepared" / name)
    write_json(tmp_path / "data/prepared/sizes.json", {"working": (8, 8), "native": (8, 8)})
    write_json(tmp_path / "data/prepared/classes.json", [{"val": COUNTS[label], "test": 12} for label in COUNTS])
    made = GeneratorSet({label: Fixed(label, bars(index, 8, seed=3)) for index, label in enumerate(sorted(COUNTS))})
    monkeypatch.setattr(stage, "kept_generators", lambda folder: made)
    monkeypatch.setattr(
        stage,
        "further_generators",
        lambda protocol, params, backend: [made] * (len(protocol.replicates) - protocol.first_is_delivered),
    )
    return tmp_path
