"""What is built is enough: a wheel in an empty environment makes a project and brings it to a verdict.

Building and looking into the wheel takes seconds. `pytest -m slow tests/test_wheel.py` installs it with all it needs
from a package index into an environment that has nothing, as .ci/run does.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from augment.project.starter.carried import IN_WHEEL, carried
from tests.test_base_install import ROOT, USE, run
from tests.test_pipeline import SETTINGS

BUILD = "from setuptools import build_meta; import sys; getattr(build_meta, sys.argv[1])(sys.argv[2])"
OURS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
MOST_DEPENDENCIES = 6


def told(command: list[str | Path], cwd: Path, python: Path | None = None) -> str:
    """What a command says that must succeed, with the environment of `python` first on the path."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    if python is not None:
        environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source distribution of the tracked files, as an index would have it."""
    place = tmp_path_factory.mktemp("build")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0")[:-1]:
        (place / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / "clone" / name)
    told([sys.executable, "-c", BUILD, "build_sdist", place], place / "clone")
    (archive,) = place.glob("*.tar.gz")
    shutil.unpack_archive(archive, place / "source")
    (source,) = (place / "source").iterdir()
    told([sys.executable, "-c", BUILD, "build_wheel", place], source)
    (built,) = place.glob("*.whl")
    return built


def test_the_wheel_holds_the_library_and_what_a_project_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        expected = {f"{IN_WHEEL}/{name}": (ROOT / name).read_bytes() for name in carried(ROOT)}
        assert {name: content.read(name) for name in names if name.startswith(f"{IN_WHEEL}/")} == expected
    page = ROOT / "augment/report/template"
    assert {"augment/py.typed", *(f"augment/report/template/{file.name}" for file in page.iterdir())} <= names
    tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / "augment").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} - expected.keys() == tracked
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"augment"}


def test_the_base_install_has_few_dependencies_and_each_extra_its_own(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        (metadata,) = (name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
        lines = Parser().parsestr(content.read(metadata).decode()).get_all("Requires-Dist") or []
    base = [line for line in lines if "extra ==" not in line]
    assert 0 < len(base) <= MOST_DEPENDENCIES, base
    extras: dict[str, set[str]] = {}
    for line in lines:
        if found := re.match(r"([\w.-]+).*extra == \"([\w-]+)\"", line):
            extras.setdefault(found[2], set()).add(found[1].lower())
    assert {"dvc", "filelock"} <= extras["pipeline"]
    assert extras["imblearn"] == {"imbalanced-learn"}
    assert not extras["imblearn"] & (extras["pipeline"] | set(base))


def test_a_project_of_the_unpacked_wheel_runs_its_first_stage(wheel: Path, tmp_path: Path) -> None:
    """In an environment that borrows every other distribution of this one, but nothing of this clone."""
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    home = Path(told([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path).strip())
    zipfile.ZipFile(wheel).extractall(home)
    others = [path for path in sys.path if path and Path(path).name in ("site-packages", "dist-packages")]
    (home / "others.pth").write_text("".join(f"{path}\n" for path in others))  # whose own .pth files nobody reads
    assert str(home) in told([python, "-c", "import augment; print(augment.__file__)"], tmp_path)
    told([python, "-m", "augment.cli", "new", "own"], tmp_path)
    told([python, "-m", "dvc", "repro", "ingest"], tmp_path / "own", python)
    assert (tmp_path / "own/data/prepared/classes.json").exists()
    assert "up to date" in told([python, "-m", "dvc", "status", "ingest"], tmp_path / "own", python)
    before = (tmp_path / "own/.augment/code/report").read_text()
    source = home / "augment/data/prepare.py"
    source.write_text(source.read_text() + "# of a newer version\n")
    assert "from gan-augment" in told([python, "-m", "augment.cli", "upgrade"], tmp_path / "own", python)
    changed = told([python, "-m", "dvc", "status", "ingest"], tmp_path / "own", python)
    assert re.search(r"modified:\s+.augment/code/ingest", changed)
    assert (tmp_path / "own/.augment/code/report").read_text() == before, "the page does not rest on it"


@pytest.mark.slow
def test_an_empty_environment_comes_from_the_wheel_to_samples_and_to_a_verdict(wheel: Path, tmp_path: Path) -> None:
    """Needs a package index that has the dependencies at the versions of constraints.txt."""
    venv.create(tmp_path / "venv", with_pip=True)
    python, project = tmp_path / "venv/bin/python", tmp_path / "own"
    install = [python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt"]
    told([*install, wheel], tmp_path, python)
    (tmp_path / "models").mkdir()
    done = run(python, USE, str(tmp_path / "models"))  # the library alone
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    told([*install, f"{wheel}[pipeline]"], tmp_path, python)
    told(["augment", "new", "own"], tmp_path, python)
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    for section, values in SETTINGS.items():
        params[section].update({key: value for key, value in values.items() if section != "ingest"})
    yaml.dump(params, project / "params.yaml")
    told(["dvc", "repro"], project, python)
    said = told(["augment", "verdict"], project, python)
    assert "What to do:" in said
    assert (project / "reports/report.html").exists()
    assert "No fault found" in told(["augment", "doctor"], project, python)
