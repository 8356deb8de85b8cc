"""Class names and parameters as hostile input, through a real `dvc repro`: text stays text.

No command runs, and nothing is made, changed or removed outside the project, nor among the images.
`pytest -m slow tests/faults -s` prints the counts.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import load_generators
from augment.core.files import read_csv
from augment.core.seeds import numpy_rng
from tests.faults.hostile import CANARY, REFUSED, packs
from tests.faults.workshop import PATH, ROOT
from tests.test_pipeline import Project

PACKS, SIZE = 20, 100
IMAGES = 4  # of a class
MADE = {"data", "models", "reports", "dvc.lock", ".work", ".git"}
SETTINGS = {
    "ingest": {"source": "folder", "train_per_class": None, "min_per_class": 2, "test_fraction": 0.3,
               "near_duplicates": "off"},
    "train": {"network": "linear", "width": 4, "latent": 2, "steps": 1, "transfer": "none", "batch_size": 2},
    "generate": {"per_class": 1, "oversample": 1, "borrowed": 0, "folds": 2, "filter_steps": 1},
    "evaluate": {"arms": ["none", "classical", "gan_half_filtered", "copies_half"], "seeds": 2, "steps": 1,
                 "batch_size": 8, "resamples": 200, "second_classifier": "off", "augmentation": "classical",
                 "classifier": "scratch"},
    "compute": {"engine": "serial"},
}  # fmt: skip


class Street:
    """A folder with a project in it, and what must not be touched beside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("home/letter", "neighbour/data/raw/photo", "-rf", "important"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(name)
        (root / "temporary").mkdir()
        self.project = Project(root / "project")
        for section, values in SETTINGS.items():
            self.project.change(section, **values)

    def add_classes(self, labels: list[str]) -> None:
        rng = numpy_rng(0, "pixels")
        for label in labels:
            folder = self.project.root / "data/raw" / label
            folder.mkdir()
            for index in range(IMAGES):
                Image.fromarray(rng.integers(0, 256, (4, 4), dtype=np.uint8)).save(folder / f"{index}.png")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command whose home and temporary folder are here, as are the places of DVC's and torch's own files."""
        here = {
            "HOME": "home",
            "TMPDIR": "temporary",
            "DVC_SITE_CACHE_DIR": "site",
            "DVC_GLOBAL_CONFIG_DIR": "site",
            "TORCHINDUCTOR_CACHE_DIR": "site",
        }
        places = {name: str(self.root / folder) for name, folder in here.items()}
        environment = {
            **os.environ,
            **places,
            "PATH": PATH,
            "PYTHONPATH": str(self.project.root),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            command,
            cwd=self.project.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )

    def beside(self) -> dict[str, str]:
        """Everything outside the project, but for those places, and the images within."""
        raw = self.project.root / "data/raw"
        paths = [path for path in self.root.rglob("*") if self.project.root not in path.parents or raw in path.parents]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in paths
            if self.root / "site" not in (path, *path.parents) and path != self.project.root
        }

    def require_untouched(self, before: dict[str, str]) -> None:
        assert self.beside() == before
        assert not [path for path in self.root.rglob(f"*{CANARY}*") if path.is_file()]
        tracked = {path.name for path in ROOT.iterdir()}
        assert {path.name for path in self.project.root.iterdir()} <= tracked | MADE


def repro_with(street: Street, labels: list[str]) -> None:
    """The whole pipeline with these classes: each is there at the end, and nothing else has happened."""
    street.add_classes(labels)
    hostile_params(street, labels)
    before = street.beside()
    done = street.run("dvc", "repro")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-5000:]
    for command in (("augment", "check"), ("augment", "verdict", "--explain")):
        assert "Traceback" not in street.run(*command).stderr
    street.require_untouched(before)
    generators = load_generators(street.project.root / "models")
    assert set(generators.classes) == set(labels)
    rows = read_csv(street.project.root / "data/augmented/manifest.csv")
    assert {row["label"] for row in rows} == set(labels)


def test_a_pack_of_names(tmp_path: Path) -> None:
    (labels,) = packs(1, 60)
    repro_with(Street(tmp_path), labels)


def test_names_that_cannot_be_shown_stop_ahead_of_everything(tmp_path: Path) -> None:
    street = Street(tmp_path)
    street.add_classes(["cat", *REFUSED])
    before = street.beside()
    for command in (("augment", "check"), ("dvc", "repro", "ingest")):
        done = street.run(*command)
        assert done.returncode != 0
        said = done.stdout + done.stderr
        assert said.count("class_bad_name") >= len(REFUSED)
        assert all(line.isprintable() for line in said.splitlines()), ascii(said)
        assert "Traceback" not in said
    street.require_untouched(before)


def hostile_params(street: Street, labels: list[str]) -> None:
    """Names again wherever params.yaml takes a text."""
    images = street.project.root / "data/raw" / labels[0]
    elsewhere = street.root / f"$(touch {CANARY}); touch {CANARY} #`touch {CANARY}`"
    shutil.copytree(images.parent, elsewhere)
    street.project.change("ingest", path=str(elsewhere), group_pattern=f"^([^/]+/[0-9]+)|$(touch {CANARY})")
    street.project.change("train", overrides={label: {"steps": 2} for label in labels[:5]})
    street.project.change("report", title=f"${{report.grid}} $(touch {CANARY}) `touch {CANARY}` <script>")


@pytest.mark.slow
def test_two_thousand_names(tmp_path: Path) -> None:
    for number, labels in enumerate(packs(PACKS, SIZE)):
        repro_with(Street(tmp_path / str(number)), labels)
        shutil.rmtree(tmp_path / str(number))
    print(f"\n{PACKS * SIZE} names through dvc repro: no command ran, nothing outside was touched")
