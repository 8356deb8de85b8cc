"""The base install is enough for the library: nothing of the extras is imported on the importing side."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXTRAS = "dvc pandas scipy sklearn imblearn kornia ruamel joblib threadpoolctl filelock jinja2 pytest hypothesis"
USE = """
import sys, pathlib, numpy, torch
import augment

images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
labels = torch.tensor([0] * 8 + [1] * 4)
trained = augment.train_generators(images, labels, classes=["b", "a"], width=4, shared_steps=4, steps=4)
trained.save(sys.argv[1])
generators = augment.load_generators(sys.argv[1])
generators.save_pretrained(sys.argv[1] + "/pretrained")
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


def test_the_library_needs_no_extra(tmp_path: Path) -> None:
    done = run(sys.executable, BLOCK + f"sys.path.insert(0, {str(ROOT)!r})" + USE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("pip install 'gan-augment[pipeline]'") == 2
    assert "pip install 'gan-augment[imblearn]'" in done.stderr
    assert "Traceback" not in done.stderr
