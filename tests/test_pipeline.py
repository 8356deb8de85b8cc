"""The whole pipeline under DVC, on a tiny folder of real digits, in a repository of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from sklearn.datasets import load_digits

from augment import load_augmented, load_generators
from augment.core.files import read_csv, sha256
from augment.evaluation.columns import EVALUATION
from augment.gan.generators.cards import plain
from augment.params.types import OUTPUTS
from pipeline.files import FILES

ROOT = Path(__file__).parent.parent
LABELS = {'z "0"; $(touch hacked)': 0, "one": 1, "two \N{SNOWMAN}": 2}
WORDS = (
    "augment/cli.py",
    "augment/core/progress/lines.py",
    "augment/commands/check.py",
    "pipeline/announcement.py",
    "augment/evaluation/columns.py",
    "augment/evaluation/cost/counting.py",
    "augment/evaluation/cost/wording.py",
    "augment/evaluation/verdict/rules.py",
    "augment/evaluation/verdict/wording.py",
    "augment/gan/cost.py",
    "augment/params/messages.py",
    "augment/project/doctor.py",
    "augment/report/page.py",
    "docs/guide.md",
)
SETTINGS = {
    "ingest": {"source": "folder", "train_per_class": None, "min_per_class": 5},
    "train": {"width": 4, "latent": 4, "steps": 12, "transfer": "none", "batch_size": 4},
    "generate": {"per_class": 6, "oversample": 2, "folds": 2, "filter_steps": 4},
    "evaluate": {"seeds": 2, "steps": 4, "batch_size": 8, "resamples": 200},
    "compute": {"engine": "serial"},
}


class Project:
    """A copy of the tracked files with a small image folder and tiny settings."""

    def __init__(self, root: Path) -> None:
        self.root = root
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in tracked.decode().split("\0")[:-1]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        for section, values in SETTINGS.items():
            self.change(section, **values)

    def change(self, section: str, **values: object) -> None:
        """Change params.yaml."""
        yaml = YAML()
        path = self.root / "params.yaml"
        params = yaml.load(path)
        params[section].update(values)
        yaml.dump(params, path)

    def add_class(self, label: str, digit: int, count: int = 12) -> None:
        """Real digits as PNG files."""
        digits = load_digits()
        folder = self.root / "data/raw" / label
        folder.mkdir(parents=True)
        for index, image in enumerate(digits.images[digits.target == digit][:count]):
            Image.fromarray((image * 255 / 16).round().astype(np.uint8)).save(folder / f"{index}.png")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with this interpreter's environment first on the path."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def repro(self) -> str:
        """`dvc repro`, which must succeed; its output."""
        done = self.run("dvc", "repro")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def outputs(self) -> dict[str, str]:
        """Hash of every output in dvc.lock."""
        stages = YAML(typ="safe").load(self.root / "dvc.lock")["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}

    def trained(self) -> set[str]:
        """Fingerprints of the GANs in the work store."""
        return {path.parent.name for path in self.root.glob(".work/*/finished.pt")}


def build(root: Path) -> Project:
    project = Project(root)
    for label, digit in LABELS.items():
        project.add_class(label, digit)
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project that has been reproduced once; the tests below go on from each other's state."""
    project = build(tmp_path_factory.mktemp("project"))
    project.repro()
    return project


def test_the_first_run_leaves_what_it_promises(project: Project) -> None:
    assert not list(project.root.rglob("hacked"))
    assert sorted(load_generators(project.root / "models")) == sorted(LABELS)
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    words = {"helps", "helps, negligibly", "harms", "equivalent", "undecided", "not used"}
    assert metrics["verdict"] in words
    assert list(metrics) == ["verdict", "net", "gross", "val", "test", "copy_rate", "policy"]
    assert len(read_csv(project.root / "reports/evaluation/arms.csv")) == 12
    page = (project.root / "reports/report.html").read_text()
    assert metrics["verdict"].split(",")[0] in page.lower()
    assert {path.name for path in (project.root / "reports/plots").iterdir()} >= {"real.png", "synthetic.png"}


def test_queries_of_the_test_set_are_counted_outside_the_outputs(project: Project) -> None:
    done = project.run("augment", "verdict", "--explain")
    assert done.returncode == 0, done.stderr
    assert "the only configuration that has looked" in done.stdout
    for line in done.stdout.splitlines():  # every source is a file that is there
        if line.startswith("   reports/"):
            assert (project.root / line.strip().split(":")[0].split(" ")[0]).exists(), line
    assert len((project.root / ".work/ledger.csv").read_text().splitlines()) == 1


def test_every_file_is_accounted_for(project: Project) -> None:
    rows = read_csv(project.root / "data/prepared/manifest.csv")
    assert len(rows) == 12 * len(LABELS) + 1  # and the README of data/raw
    assert {row["outcome"] for row in rows} == {"ok", "ignored"}
    candidates = read_csv(project.root / "data/synthetic/manifest.csv")
    assert len(candidates) == 12 * len(LABELS)
    kept = [row["file"] for row in candidates if row["kept"] == "1"]
    assert len(kept) == len(list((project.root / "data/synthetic").glob("*/*.png")))


def test_the_assembled_folder_is_what_its_manifest_says(project: Project) -> None:
    folder = project.root / "data/augmented"
    rows = read_csv(folder / "manifest.csv")
    assert {row["path"] for row in rows} == {str(path.relative_to(folder)) for path in folder.rglob("*.png")}
    loaded = load_augmented(folder, verify=True)
    assert loaded.recipe.synthetic == loaded.synthetic.sum() == sum(row["synthetic"] == "1" for row in rows)
    assert all(image.shape == loaded[0][0].shape for image, _ in loaded)
    policy = json.loads((project.root / "reports/evaluation/verdict.json").read_text())["policy"]
    train = [row for row in rows if row["split"] == "train"]
    weights = {kind: sum(float(row["weight"]) for row in train if row["synthetic"] == kind) for kind in "01"}
    assert weights["0"] + weights["1"] == pytest.approx(len(train), rel=1e-3)
    kept = {row["label"] for row in read_csv(project.root / "data/synthetic/manifest.csv") if row["kept"] == "1"}
    share = policy["weight"] * len(kept) / len(LABELS)  # the classes are balanced, so each is a minority one
    assert weights["1"] / len(train) == pytest.approx(share, rel=1e-3)
    assert not [row for row in rows if row["split"] != "train" and row["synthetic"] == "1"]


def test_what_a_run_made_is_handed_on_with_what_it_measured(project: Project, tmp_path: Path) -> None:
    asked = ("export", str(tmp_path / "images"), "--format", "webdataset", "--samples", "2")
    done = project.run(sys.executable, "-m", "augment.cli", *asked)
    assert done.returncode == 0, done.stderr
    verdict = project.root / "reports/evaluation/verdict.json"
    load_generators(project.root / "models").save_pretrained(tmp_path / "models", verdict=verdict)
    told = json.loads(verdict.read_text())
    for card in ("images/README.md", "models/README.md"):
        text = (tmp_path / card).read_text()
        assert plain(told["sentence"]) in text
        assert plain(told["first_line"]) in text
        assert text.count("anonymous") >= 3, "beside what two attacks found"
        assert all(f"| {plain(label)} |" in text for label in LABELS)
    with tarfile.open(tmp_path / "images/data/samples-00000.tar") as archive:
        assert len(archive.getmembers()) == 3 * 2 * len(LABELS)


def test_the_second_run_runs_nothing(project: Project) -> None:
    output = project.repro()
    assert "Running stage" not in output
    assert "up to date" in output


def test_no_word_for_people_trains_anything(project: Project) -> None:
    """One file of every room that decides words, a page of the docs, and the margin that only judges."""
    changed = [project.root / name for name in WORDS]
    before = {path: path.read_bytes() for path in [*changed, project.root / "params.yaml"]}
    for path in changed:
        path.write_bytes(path.read_bytes() + b"\n# another word\n")
    project.change("evaluate", equivalence=0.02)
    done = project.run("dvc", "status", "--json")
    for path, content in before.items():
        path.write_bytes(content)
    stale = set(json.loads(done.stdout))
    assert stale == {"evaluate", "report"}, done.stdout + done.stderr


def test_what_is_delivered_is_changed_without_a_training(project: Project) -> None:
    before = (project.root / "params.yaml").read_bytes()
    project.change("assemble", use="real")
    stale = set(json.loads(project.run("dvc", "status", "--json").stdout))
    (project.root / "params.yaml").write_bytes(before)
    assert stale == {"evaluate", "assemble"}, "and report, once they have changed"


OPTIONAL_KEYS = {"order", "translators", "words"}  # of files.md, that stand only where there is such a thing


def test_every_file_is_described(project: Project) -> None:
    """By its columns in their order, or by its keys: what docs/files.md shows is what a run leaves."""
    described = {**FILES, **{f"reports/evaluation/{name}.csv": file for name, file in EVALUATION.items()}}
    patterns = {path: re.sub(r"<\w+>", "*", path) for path in described}
    tree = [
        path for folder in OUTPUTS for path in (project.root / folder).rglob("*") if path.suffix in (".csv", ".json")
    ]
    for path in tree:
        relative = path.relative_to(project.root)
        if path.name == "checksums.json":
            known = json.loads(path.read_text(encoding="utf-8"))
            assert known == {name: sha256((path.parent / name).read_bytes()) for name in known}, path
            continue
        if (relative.parts[0] == "reports" and path.stem == "predictions") or relative.parts[1] == "plots":
            continue
        if relative.parts[1] == "experiment" and path.name != "experiment.json":
            relative = Path("reports/evaluation", path.name)
        names = [name for name, pattern in patterns.items() if relative.match(pattern)]
        assert len(names) == 1, relative
        (name,) = names
        if path.suffix == ".csv":
            assert path.read_text(encoding="utf-8").splitlines()[0].split(",") == list(described[name].columns), path
        else:
            content = json.loads(path.read_text(encoding="utf-8"))
            keys = set(content[0] if isinstance(content, list) else content)
            assert keys == set(described[name].columns) - (OPTIONAL_KEYS - keys), path


def test_a_clean_copy_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    twin = build(tmp_path)
    twin.repro()  # the page's times are in minutes, and no arm takes one here
    assert twin.outputs() == project.outputs()


def test_an_override_trains_one_class_only(project: Project) -> None:
    before, models = project.trained(), project.outputs()["models"]
    weights = {path: path.read_bytes() for path in project.root.glob("models/*/generator.safetensors")}
    project.change("train", overrides={"one": {"steps": 13}})
    project.repro()
    assert len(project.trained() - before) == SETTINGS["evaluate"]["seeds"], "one GAN for each repeat"
    assert project.outputs()["models"] != models
    assert len((project.root / ".work/ledger.csv").read_text().splitlines()) == 2, "another configuration has looked"
    changed = [path.parent.name for path, content in weights.items() if path.read_bytes() != content]
    assert changed == ["one"]


def test_a_class_comes_and_goes_without_a_trace(project: Project) -> None:
    before = project.trained()
    project.add_class("three", 3)
    project.repro()
    assert len(project.trained() - before) == SETTINGS["evaluate"]["seeds"], "the other classes were not trained again"
    assert sorted(load_generators(project.root / "models")) == sorted([*LABELS, "three"])
    shutil.rmtree(project.root / "data/raw/three")
    project.repro()
    for folder in ("models", "data/synthetic", "data/prepared", "data/augmented", "reports"):
        files = [path for path in (project.root / folder).rglob("*") if path.suffix in (".json", ".csv", ".html")]
        assert not [path for path in files if "three" in path.read_text()], folder
        assert not list((project.root / folder).rglob("three"))


def test_a_typo_is_one_message_and_nothing_is_lost(project: Project) -> None:
    before = project.outputs()
    files = {file: file.read_bytes() for file in (project.root / "models").rglob("*") if file.is_file()}
    path = project.root / "params.yaml"
    good = path.read_text()
    path.write_text(good.replace("  latent:", "  latant:"))
    done = project.run("dvc", "repro")
    path.write_text(good)
    assert done.returncode != 0
    assert "params.yaml: train.latant: unknown key; did you mean `latent`?" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert {file: file.read_bytes() for file in (project.root / "models").rglob("*") if file.is_file()} == files
    assert project.outputs() == before
    assert "Running stage" not in project.repro()
