"""What every stage shares: the paths of the pipeline, and how a stage starts and fails."""

import contextlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from augment import params
from augment.core.errors import AugmentError, InUseError, StoreError, os_error_text
from augment.core.files import WORK_STORE, exclusive, sweep_temporaries, write_text
from augment.core.progress import say
from augment.params import Params
from augment.project.starter.code import require_recorded
from pipeline import start, surroundings, temporary

LESS_MEMORY = "Set ingest.size, train.batch_size or compute.jobs to less in params.yaml."
AFTER_A_DISK = " (should DVC stop at its rwlock or dvc.lock after that: `augment doctor` names the mend)"
PREPARED = Path("data/prepared")
MODELS = Path("models")
SYNTHETIC = Path("data/synthetic")
EXPERIMENT = Path("data/experiment")
AUGMENTED = Path("data/augmented")
REPORTS = Path("reports")
METRICS = REPORTS / "metrics.json"
PAGE = REPORTS / "report.html"
PLOTS = REPORTS / "plots"
ARM_SECONDS = WORK_STORE / "arm_seconds.json"
REPEAT_MINUTES = WORK_STORE / "repeat_minutes.json"


def main(stage: Callable[[Params], None], *written: Path) -> None:
    """Run a stage with params.yaml, one run at a time; a failure that a user can mend is a message and exit 2.

    written: files and folders that this stage alone writes; what a killed run left there half written goes first.
    """
    locked = start.LOCKS / stage.__name__
    try:
        with exclusive(locked):
            surroundings.tell_change(stage.__name__, locked / "surroundings.json")
            status = attempt(stage, locked, *written)
            if status != 0:
                start.give_back()
            else:
                surroundings.keep(locked / "surroundings.json")
    except InUseError as error:
        say(f"{stage.__name__}: {error}")
        start.settled()  # the other run has the outputs in its hands
        status = 2
    except StoreError as error:
        say(f"{stage.__name__}: {error}")
        status = 2
    if status != 0:
        sys.exit(status)
    start.settled(0)  # DVC is to record what is whole, also where a signal meets the end of this process


def attempt(stage: Callable[[Params], None], *written: Path) -> int:
    """The exit status of a stage: 0, 130 when interrupted, 2 when it failed with a message."""
    try:
        for path in written:
            sweep_temporaries(path)
        require_recorded(Path())
        chosen = params.load()
        temporary.require_same_inputs(chosen, Path.cwd())
        stage(chosen)
    except KeyboardInterrupt:
        say(f"{stage.__name__}: interrupted")
        return 130
    except (AugmentError, OSError) as error:
        what = os_error_text(error) if isinstance(error, OSError) else error
        of_disk = isinstance(error, (OSError, StoreError))  # a full disk cuts DVC's own files too
        say(f"{stage.__name__}: {what}{AFTER_A_DISK if of_disk else ''}")
        return 2
    except MemoryError:
        say(f"{stage.__name__}: out of memory. {LESS_MEMORY}")
        return 2
    except Exception as error:
        say(f"{stage.__name__}: {unforeseen(error, start.LOCKS / stage.__name__ / 'traceback.txt')}")
        return 1
    return 0


def unforeseen(error: Exception, path: Path) -> str:
    """The message for an error that no message was written for; its traceback goes to `path`."""
    what = " ".join(str(error).split())[:200]
    if "allocate memory" in what or "out of memory" in what:  # torch has no error of its own for this
        return f"{what}. {LESS_MEMORY}"
    with contextlib.suppress(AugmentError):
        write_text(path, "".join(traceback.format_exception(error)))
    return (
        f"{type(error).__name__}: {what}. An output of an earlier stage may be damaged: `augment doctor` looks for it. "
        f"If it finds nothing, this is a fault of the program, and {path} says where."
    )
