"""A stage that fails, or is told to end, gives back what DVC deleted; two runs never write the same outputs."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from augment.core.files import exclusive
from augment.core.processes import ending_signals
from pipeline.start import LOCKS
from tests.data.corpus import write_set

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death is Linux's")
STAGES = """
stages:
  ingest:
    cmd: python -m pipeline.ingest
    deps: [raw]
    params: [ingest]
    outs: [data/prepared]
"""
PARAMS = "ingest: {source: folder, path: raw}\n"
# What `python -m pipeline.ingest` does up to its imports, which last here until a line is read.
IMPORTING = "import sys; sys.argv[0] = '-m'; import pipeline; print('there', flush=True); sys.stdin.readline()"


def environment(**more: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}


def run(project: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=project, env=environment(**more), capture_output=True, text=True, check=False, timeout=60
    )


def python(project: Path, code: str, **more: str) -> subprocess.CompletedProcess[str]:
    return run(project, sys.executable, "-c", code, **more)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose only stage has run once under DVC."""
    project = tmp_path_factory.mktemp("project")
    write_set(project / "raw", each=8)
    (project / "dvc.yaml").write_text(STAGES)
    (project / "params.yaml").write_text(PARAMS)
    assert run(project, "dvc", "init", "--no-scm", "-q").returncode == 0
    done = run(project, "dvc", "repro")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of it, as DVC leaves it to a stage that it starts: without the stage's outputs."""
    shutil.copytree(made, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy/data/prepared")
    return tmp_path / "copy"


def test_a_failed_stage_gives_back_its_outputs(made: Path, tmp_path: Path) -> None:
    project = tmp_path / "copy"
    shutil.copytree(made, project)
    before = contents(project / "data/prepared")
    (project / "params.yaml").write_text(PARAMS.replace("path: raw", "path: raw, min_per_class: 9"))
    done = run(project, "dvc", "repro")
    assert done.returncode != 0
    assert "too_few" in done.stderr
    assert "ingest: its outputs are again those of its last whole run" in done.stderr
    assert contents(project / "data/prepared") == before


def test_a_stage_that_succeeds_keeps_its_new_outputs(project: Path, made: Path) -> None:
    (project / "params.yaml").write_text(PARAMS.replace("path: raw", "path: raw, val_fraction: 0.4"))
    done = run(project, sys.executable, "-m", "pipeline.ingest", DVC_STAGE="ingest")
    assert done.returncode == 0
    assert "last whole run" not in done.stderr
    assert contents(project / "data/prepared") != contents(made / "data/prepared")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_imports_is_one_line(project: Path, made: Path, number: signal.Signals) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-c", IMPORTING]
    with subprocess.Popen(command, cwd=project, env=environment(DVC_STAGE="ingest"), text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert told == "ingest: interrupted\ningest: its outputs are again those of its last whole run\n"
    assert contents(project / "data/prepared") == contents(made / "data/prepared")


@pytest.mark.parametrize("number", ending_signals())
def test_outputs_come_back_where_nobody_hears_of_it(project: Path, made: Path, number: signal.Signals) -> None:
    """As behind `| tee log`, which an interrupt ends first, or in a terminal that was closed."""
    reader, writer = os.pipe()
    os.close(reader)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": writer}
    command = [sys.executable, "-c", IMPORTING]
    with subprocess.Popen(command, cwd=project, env=environment(DVC_STAGE="ingest"), text=True, **pipes) as process:
        os.close(writer)
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert contents(project / "data/prepared") == contents(made / "data/prepared")


@pytest.mark.parametrize(("settled", "status"), [("settled(0)", 0), ("settled()", 128 + signal.SIGTERM)])
def test_a_signal_at_the_very_end_brings_nothing_back(project: Path, settled: str, status: int) -> None:
    (project / "data/prepared").mkdir()
    code = f"import sys; sys.argv[0] = '-m'; import pipeline, os, signal; from pipeline import start; start.{settled}; "
    done = python(project, code + "os.kill(os.getpid(), signal.SIGTERM); print('on')", DVC_STAGE="ingest")
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
    assert not contents(project / "data/prepared"), "what this run wrote stays as it is"


def test_a_missing_package_is_one_line(project: Path, made: Path) -> None:
    done = python(project, IMPORTING.replace("print", "import no_such_package; print"), DVC_STAGE="ingest")
    assert done.returncode == 1
    assert done.stderr.startswith("ingest: No module named 'no_such_package'. `augment doctor`")
    assert "Traceback" not in done.stderr
    assert contents(project / "data/prepared") == contents(made / "data/prepared")


def test_outside_dvc_nothing_is_touched(project: Path) -> None:
    (project / "params.yaml").write_text("ingest: {sorce: folder}\n")
    done = run(project, sys.executable, "-m", "pipeline.ingest")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (project / "data/prepared").exists()


def test_without_an_earlier_run_there_is_nothing_to_say(project: Path) -> None:
    (project / "dvc.lock").unlink()
    (project / "params.yaml").write_text("ingest: {sorce: folder}\n")
    done = run(project, sys.executable, "-m", "pipeline.ingest", DVC_STAGE="ingest")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_what_dvc_cannot_give_back_is_said(project: Path) -> None:
    shutil.rmtree(project / ".dvc/cache")
    (project / "params.yaml").write_text("ingest: {sorce: folder}\n")
    done = run(project, sys.executable, "-m", "pipeline.ingest", DVC_STAGE="ingest")
    assert done.returncode == 2
    assert "cannot be brought back now (data/prepared is not in the cache): `dvc checkout`" in done.stderr


def test_a_second_run_is_refused_and_leaves_the_outputs_to_the_first(project: Path) -> None:
    with exclusive(project / LOCKS / "ingest"):
        done = run(project, sys.executable, "-m", "pipeline.ingest", DVC_STAGE="ingest")
    assert done.returncode == 2
    assert "in use by another run" in done.stderr
    assert not (project / "data/prepared").exists()


def test_a_lock_that_cannot_be_made_is_said_and_costs_no_outputs(project: Path, made: Path) -> None:
    shutil.rmtree(project / LOCKS.parent)
    (project / LOCKS.parent).touch()
    done = run(project, sys.executable, "-m", "pipeline.ingest", DVC_STAGE="ingest")
    assert done.returncode == 2
    assert "ingest: .work/stages/ingest: Not a directory" in done.stderr
    assert "move one of them away" in done.stderr
    assert contents(project / "data/prepared") == contents(made / "data/prepared")


@LINUX
def test_a_stage_whose_dvc_is_gone_does_not_begin(project: Path) -> None:
    """Whoever adopts an orphan has a session of its own, as this test's child has here."""
    command = [sys.executable, "-m", "pipeline.ingest"]
    statuses = [
        subprocess.run(
            command, cwd=project, env=env, capture_output=True, start_new_session=True, check=False, timeout=60
        ).returncode
        for env in (environment(DVC_STAGE="ingest"), environment())
    ]
    assert statuses == [128 + signal.SIGTERM, 0]
