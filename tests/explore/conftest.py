"""A small project whose generators have been trained."""

from pathlib import Path

import pytest

import augment
from augment.explore.playground import Playground, open_playground
from tests.toy import toy_set

LABELS = ["<b>a</b> & 'b'", "majority", "minority"]
COUNTS = dict(zip(LABELS, (16, 24, 6), strict=True))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models/ and data/prepared/train."""
    root, train = tmp_path_factory.mktemp("project"), toy_set(COUNTS)
    sizes = {"network": "dcgan", "width": 4, "latent": 8, "shared_steps": 30, "steps": 10}
    augment.train_generators(train.images, train.labels.tolist(), seed=0, **sizes).save(root / "models")
    train.save(root / "data/prepared/train")
    return root


@pytest.fixture
def playground(trained: Path, tmp_path: Path) -> Playground:
    return open_playground(trained / "models", trained / "data/prepared/train", tmp_path / "selection", 3, 0.5)
