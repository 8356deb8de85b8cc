"""A small project whose generators have been trained."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

import augment
from augment.explore.playground import Playground, open_playground
from augment.explore.server import Server, open_server
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


@pytest.fixture
def server(playground: Playground) -> Iterator[Server]:
    with open_server(playground, 0) as one:
        thread = Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield one
        one.shutdown()
        thread.join()
