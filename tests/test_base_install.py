"""The base install is enough for the library: nothing of the extras is imported on the importing side."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "augment/report/template"
EXTRAS = "dvc pandas scipy sklearn imblearn kornia ruamel joblib jinja2 matplotlib pytest hypothesis"
USE = """
import sys, pathlib, numpy, torch
import augment

images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
labels = torch.tensor([0] * 8 + [1] * 4)
trained = augment.train_generators(images, labels, classes=["b", "a"], width=4, shared_steps=4, steps=4)
trained.save(sys.argv[1])
generators = augment.load_generators(sys.argv[1])
assert torch.equal(generators["a"].sample(3, seed=1), trained["a"].sample(3, seed=1))
fakes = augment.SyntheticDataset(generators, counts="balance", real_labels=labels, classes=["b", "a"])
assert len(fakes) == 4 and fakes[0][1] == 1
assert augment.SyntheticMix(generators, p=1.0)(images, labels)[0].shape == images.shape
from PIL import Image
from augment.data.delivered import Recipe, write_tables
pathlib.Path(sys.argv[1] + "/augmented/train/a").mkdir(parents=True)
Image.new("L", (9, 8)).save(sys.argv[1] + "/augmented/train/a/0.png")
row = dict(path="train/a/0.png", label="a", split="train", synthetic=0, weight=1, source="", sha256="")
way = dict(classes=("a",), arm="probe", family="probe", augmentation="randaugment", flips="none", synthetic=0)
write_tables(pathlib.Path(sys.argv[1] + "/augmented"), [row], Recipe(**way, channels=3, background=0, white={}))
assert augment.load_augmented(sys.argv[1] + "/augmented", size=4)[0][0].shape == (3, 4, 4)
real = augment.ImageSet(images.numpy(), *[numpy.array(["b"] * 8 + ["a"] * 4)] * 3)
assert len(augment.SyntheticDataset(generators, {"a": 8}, borrow_from=real)) == 8
from augment import *
try:
    augment.GANOverSampler(image_shape=(1, 8, 8)).fit_resample(images.reshape(12, 64).numpy(), labels.numpy())
except augment.AugmentError as error:
    print(error, file=sys.stderr)
from augment.cli import main
assert main(["sample", sys.argv[1], "-n", "2", "--grid", sys.argv[1] + "/grid.png"]) == 0
assert main(["init", "."]) == 2 and main(["check", "."]) == 2
"""
BLOCK = f"""
import sys
from importlib.machinery import PathFinder

class Without:
    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] in {EXTRAS.split()!r} else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without()
"""


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(python: Path | str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-c", code, *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, cwd=arguments[0])


def pip(python: Path | str, *arguments: str | Path) -> None:
    subprocess.run([python, "-m", "pip", *arguments], env=ENVIRONMENT, check=True)


def test_the_library_needs_no_extra(tmp_path: Path) -> None:
    done = run(sys.executable, BLOCK + f"sys.path.insert(0, {str(ROOT)!r})" + USE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("pip install 'gan-augment[pipeline]'") == 2
    assert "pip install 'gan-augment[imblearn]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_wheel_installs_and_samples_in_an_empty_environment(tmp_path: Path) -> None:
    """Needs a package index that has the base dependencies at the versions of constraints.txt."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "augment", source / "augment", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip(sys.executable, "wheel", "--no-deps", "-w", tmp_path, source)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"augment/py.typed", *(f"augment/report/template/{file.name}" for file in TEMPLATE.iterdir())} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"augment"}
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    pip(python, "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    (tmp_path / "models").mkdir()
    done = run(python, USE, str(tmp_path / "models"))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
