"""`augment trial COMMAND`: your own training on data/augmented and on its real images alone, with paired seeds.

The command runs in a shell, where it is called from, with

    AUGMENT_DATA   a copy of data/augmented, or of its real images: train/, val/, test/ and manifest.csv
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
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from augment.core.errors import AugmentError
from augment.core.files import read_csv, read_file, write_csv
from augment.core.progress import say
from augment.data.checksums import check_file
from augment.evaluation.arms.draws import AUGMENTED_MANIFEST_COLUMNS
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
    rows = read_manifest(augmented)
    if not any(row["synthetic"] == "1" for row in rows):
        raise AugmentError(
            f"{augmented}: holds no synthetic images, since the evaluation chose real images alone. For a trial all "
            "the same set assemble.use: gan_half_filtered in params.yaml and run `dvc repro`."
        )
    require_copies(augmented, rows)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folders = {name: Path(temporary) / name for name in ("real", "augmented")}
        scores: dict[str, list[float]] = {name: [] for name in folders}
        kept_rows = {"real": real_rows(rows), "augmented": rows}
        states: dict[str, list[tuple[str, int, int]]] = {}
        tell(f"{'seed':>6} {'real alone':>12} {'augmented':>12} {'gain':>10}")
        for seed in range(seeds):
            for name, folder in folders.items():
                if state_of(folder) != states.get(name):  # none yet, or the command has changed its copy
                    copy_images(augmented, kept_rows[name], folder)
                    states[name] = state_of(folder)
                scores[name].append(run_score(command, folder, seed, Path(temporary) / "score"))
            real_score, augmented_score = scores["real"][-1], scores["augmented"][-1]
            tell(f"{seed:>6} {real_score:>12.4f} {augmented_score:>12.4f} {augmented_score - real_score:>+10.4f}")
    return Trial(scores["real"], scores["augmented"])


def require_copies(augmented: Path, rows: list[dict[str, str]]) -> None:
    """Say how large the two copies are. Raises `StoreError` where the folder for temporary files has no room."""
    size = 2 * sum((augmented / row["path"]).stat().st_size for row in rows)
    place = Path(tempfile.gettempdir())
    require_space([Need(place, size, "two copies that your training may change; TMPDIR names another place")])
    say(f"trial: your training sees copies in {place}, {bytes_text(size)}; {augmented} stays as it is")


def read_manifest(folder: Path) -> list[dict[str, str]]:
    """The rows of its manifest.csv. Raises `AugmentError` when it is not what `assemble` writes."""
    path = folder / "manifest.csv"
    if not path.exists():
        raise AugmentError(f"{path}: there is none. Run `dvc repro` first, or name the folder with --data.")
    rows = read_csv(path)
    if not rows or set(AUGMENTED_MANIFEST_COLUMNS) - set(rows[0]):
        raise AugmentError(
            f"{path}: needs the columns {', '.join(AUGMENTED_MANIFEST_COLUMNS)}. Run `dvc repro -f assemble`."
        )
    outside = [row["path"] for row in rows if Path(row["path"]).is_absolute() or ".." in Path(row["path"]).parts]
    if outside:
        raise AugmentError(f"{path}: {outside[0]!r} leads out of the folder. Run `dvc repro -f assemble`.")
    gone = [row["path"] for row in rows if not (folder / row["path"]).is_file()]
    if gone:
        raise AugmentError(
            f"{folder}: {len(gone)} of the {len(rows)} images in manifest.csv are not there, for example {gone[0]}. "
            "Run `dvc repro -f assemble`."
        )
    for row in rows:
        if row["sha256"]:  # an image that a person added has none
            check_file(folder / row["path"], row["sha256"])
    return rows


def real_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without synthetic images; weights balance the classes of train, 1 on average."""
    kept = [row for row in rows if row["synthetic"] == "0"]
    counts = Counter(row["label"] for row in kept if row["split"] == "train")
    balanced = {label: str(sum(counts.values()) / (len(counts) * count)) for label, count in counts.items()}
    return [{**row, "weight": balanced[row["label"]]} if row["split"] == "train" else row for row in kept]


def copy_images(folder: Path, rows: list[dict[str, str]], out: Path) -> None:
    """The images of `rows`, and a manifest of them, in a folder of their own: no links, which a write would follow."""
    shutil.rmtree(out, ignore_errors=True)
    for row in rows:
        target = out / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / row["path"], target)
    write_csv(out / "manifest.csv", rows, AUGMENTED_MANIFEST_COLUMNS)


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
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
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
