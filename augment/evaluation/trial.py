"""`augment trial COMMAND`: your own training on data/augmented and on its real images alone, with paired seeds.

The command runs in a shell, where it is called from, with

    AUGMENT_DATA   a copy of data/augmented, or of its real images, with all its tables
    AUGMENT_SEED   for initial weights and order, equal for both folders
    AUGMENT_SCORE  a file to write one number to: the score on test, larger is better

It decides nothing of the pipeline's verdict, which is that of a small network; this is the answer for your classifier.
"""

import contextlib
import math
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from augment.core.errors import AugmentError
from augment.core.files import Row, read_file
from augment.core.progress import say
from augment.data.delivered import (
    Recipe,
    read_manifest,
    read_recipe,
    real_rows,
    require_images,
    write_tables,
)
from augment.evaluation.statistics.estimates import Estimate, paired_t
from augment.project.disk_space import Need, bytes_text, require_space

TOLERANCE = 1e-9
SHOWN_OUTPUT_LINES = 5  # last lines of a command that fails
MAX_SHOWN_BYTES = 4000  # of its output
MAX_SCORE_BYTES = 1000  # one number and blanks


@dataclass(frozen=True)
class Trial:
    """Scores of each seed, and augmented minus real with its interval."""

    real: list[float]
    augmented: list[float]

    @property
    def gain(self) -> Estimate:
        return paired_t(np.array(self.augmented) - np.array(self.real))

    def conclusion(self) -> str:
        """What follows from all seeds."""
        if self.gain.seed_sd < TOLERANCE:
            return "All gains are equal, which tells nothing of other seeds. Does your training use AUGMENT_SEED?"
        low, high = self.gain.interval(0.95, minimum=-math.inf, maximum=math.inf)
        word = "gains" if low > 0 else "loses" if high < 0 else "may gain or lose"
        return (
            f"Your training {word}: {self.gain.mean:+.4f} [{low:+.4f}, {high:+.4f}], 95 % interval over "
            f"{len(self.real)} paired seeds on these test images."
        )


def trial(command: str, augmented: Path, seeds: int, tell: Callable[[str], object]) -> Trial:
    """Run the command twice for each seed. Raises `AugmentError` saying what went wrong with it.

    augmented: as `assemble` wrote it, with synthetic images; seeds: at least 2. tell: takes each line of the table as
    soon as it is known, so that a run broken off has not been for nothing.
    """
    rows, recipe = read_manifest(augmented), read_recipe(augmented)
    require_images(augmented, rows, verify=True)
    if not any(row["synthetic"] == "1" for row in rows):
        raise AugmentError(
            f"{augmented}: holds no synthetic images, since the evaluation chose real images alone. For a trial all "
            "the same set assemble.use: gan_half_filtered in params.yaml and run `dvc repro`."
        )
    require_copies(augmented, rows)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folders = {name: Path(temporary) / name for name in ("real", "augmented")}
        scores: dict[str, list[float]] = {name: [] for name in folders}
        kept = {"real": (real_rows(rows), recipe.real_alone()), "augmented": (rows, recipe)}
        states: dict[str, list[tuple[str, int, int]]] = {}
        tell(f"{'seed':>6} {'real alone':>12} {'augmented':>12} {'gain':>10}")
        for seed in range(seeds):
            for name, folder in folders.items():
                if state_of(folder) != states.get(name):  # none yet, or the command has changed its copy
                    copy_images(augmented, *kept[name], folder)
                    states[name] = state_of(folder)
                scores[name].append(run_score(command, folder, seed, Path(temporary) / "score"))
            real_score, augmented_score = scores["real"][-1], scores["augmented"][-1]
            tell(f"{seed:>6} {real_score:>12.4f} {augmented_score:>12.4f} {augmented_score - real_score:>+10.4f}")
    return Trial(scores["real"], scores["augmented"])


def require_copies(augmented: Path, rows: Sequence[Row]) -> None:
    """Say how large the two copies are. Raises `StoreError` where the folder for temporary files has no room."""
    size = 2 * sum((augmented / row["path"]).stat().st_size for row in rows)
    place = Path(tempfile.gettempdir())
    require_space([Need(place, size, "two copies that your training may change; TMPDIR names another place")])
    say(f"trial: your training sees copies in {place}, {bytes_text(size)}; {augmented} stays as it is")


def copy_images(folder: Path, rows: Sequence[Row], recipe: Recipe, out: Path) -> None:
    """The images of `rows`, and the tables of them, in a folder of their own: no links, which a write would follow."""
    shutil.rmtree(out, ignore_errors=True)
    for row in rows:
        target = out / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / row["path"], target)
    write_tables(out, rows, recipe)


def state_of(folder: Path) -> list[tuple[str, int, int]]:
    """Path, size and last change of every file; a change that hides its time changes this one too."""
    files = sorted(folder.rglob("*"))
    return [(str(file), file.lstat().st_size, file.lstat().st_ctime_ns) for file in files if not file.is_dir()]


def _run(command: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Status and last output of a command in a shell, which ends with all its children when this process is
    interrupted. Its output goes to files, so that neither its length nor a child that stays matters."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, shell=True, env=environment, stdout=out, stderr=err, start_new_session=True)
        try:
            child.wait()
        except BaseException:
            if os.name == "posix":
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGTERM)
            else:
                child.terminate()
            child.wait()
            raise
        return child.returncode, _last_lines(err) or _last_lines(out)


def _remove(path: Path) -> None:
    """Whatever a command has put there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _last_lines(stream: IO[bytes]) -> str:
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - MAX_SHOWN_BYTES))
    return "\n".join(stream.read().decode("utf-8", "replace").splitlines()[-SHOWN_OUTPUT_LINES:])


def run_score(command: str, data: Path, seed: int, file: Path) -> float:
    """One run of the command, and the number that it leaves in `file`."""
    _remove(file)
    variables: Mapping[str, str] = {"AUGMENT_DATA": str(data), "AUGMENT_SEED": str(seed), "AUGMENT_SCORE": str(file)}
    status, last = _run(command, {**os.environ, **variables})
    if status:
        raise AugmentError(f"trial: `{command}` ended with status {status} (seed {seed}, {data}):\n{last}")
    try:
        written = read_file(file, MAX_SCORE_BYTES).decode("utf-8", "replace")
    except OSError as error:
        why = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"
        raise AugmentError(
            f"trial: `{command}` wrote no score{why}; write one number to the file that the environment variable "
            "AUGMENT_SCORE names"
        ) from error
    try:
        value = float(written)
    except ValueError as error:
        raise AugmentError(f"trial: `{command}` wrote {written[:50]!r}, which is not a number") from error
    if not math.isfinite(value):
        raise AugmentError(f"trial: `{command}` wrote the score {value}, which is not finite")
    return value
