"""What every stage shares: the paths of the pipeline, and how a stage starts and fails."""

import sys
from collections.abc import Callable
from pathlib import Path

from augment import params
from augment.errors import AugmentError
from augment.params import Params
from augment.processes import die_with_parent

PREPARED = Path("data/prepared")
TRAIN, VAL, TEST = PREPARED / "train", PREPARED / "val", PREPARED / "test"
CLASSES = PREPARED / "classes.json"
MODELS = Path("models")
SYNTHETIC = Path("data/synthetic")
AUGMENTED = Path("data/augmented")
REPORTS = Path("reports")
METRICS = REPORTS / "metrics.json"
EVALUATION = REPORTS / "evaluation"
PLOTS = REPORTS / "plots"


def main(stage: Callable[[Params], None]) -> None:
    """Run a stage with params.yaml; a failure that a user can mend is a message and exit 2."""
    die_with_parent()
    try:
        stage(params.load())
    except KeyboardInterrupt:
        echo(f"{stage.__name__}: interrupted")
        sys.exit(130)
    except AugmentError as error:
        echo(f"{stage.__name__}: {error}")
        sys.exit(2)
    except OSError as error:
        echo(f"{stage.__name__}: {error.filename or 'input or output'}: {error.strerror or error}")
        sys.exit(2)


def echo(text: str) -> None:
    """One line of progress, at once, beside the outputs."""
    print(text, file=sys.stderr, flush=True)
