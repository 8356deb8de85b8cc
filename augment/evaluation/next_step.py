"""The one thing to do next, on the page as in the terminal: a sentence, and a command that does it."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ASK_YOUR_OWN = 'augment trial "python my_training.py"'
TRAIN = 'augment.load_augmented("data/augmented")'
TRAIN_ON_ROWS = 'pandas.read_csv("data/augmented/train.csv")'  # with its columns `synthetic` and `weight`
LEAVE_OUT = "dvc exp run -S assemble.use=real"


@dataclass(frozen=True)
class NextStep:
    """text: a sentence that ends before the command; command: of a shell, or a line of your training."""

    text: str
    command: str


def look_properly(path: str) -> NextStep:
    """After a first look (`augment run --quick`) at the images of a folder."""
    less = "fewer repeats, fewer ways to train, GANs trained for less"
    return NextStep(f"This was a first look: {less}. The same without --quick:", f"augment run {shlex.quote(path)}")


def next_step(verdict: Mapping[str, Any]) -> NextStep:
    """verdict: the values of verdict.json."""
    word, delivery, deciding = verdict["verdict"], verdict["delivery"], verdict["deciding"]
    train = TRAIN_ON_ROWS if verdict.get("rows") else TRAIN
    if deciding:
        return _deciding_step(deciding, delivery["arm"] is not None, train)
    if word in ("helps", "helps, negligibly"):
        if delivery["arm"] is None:
            return NextStep("Put the GAN images into data/augmented:", "dvc exp run -S assemble.use=chosen")
        if verdict.get("rows"):
            return NextStep("Train on data/augmented:", train)
        return NextStep("Train on data/augmented. This asks whether your own training gains too:", ASK_YOUR_OWN)
    if delivery["arm"] is not None:
        return NextStep("Leave the GAN images out of data/augmented:", LEAVE_OUT)
    return NextStep("Train on data/augmented, which holds the real images alone:", train)


def _deciding_step(deciding: Mapping[str, Any], made: bool, train: str) -> NextStep:
    """made: whether data/augmented holds made images; train: what reads it."""
    if deciding["repeats"]:
        setting, repeats = deciding["setting"], deciding["repeats"]
        return NextStep(f"{repeats} repeats would decide it, if the means hold:", f"dvc exp run -S {setting}={repeats}")
    if deciding["growth"]:
        images = "images" if deciding["setting"] is None else "test images"
        times = f"{deciding['growth']:.1f} times as many {images}"
        return NextStep(f"About {times} would decide it, if the means hold. Add them, and then:", "dvc repro")
    if made:
        return NextStep("Nothing that can be had would decide it. Real images alone are simpler:", LEAVE_OUT)
    return NextStep("Nothing that can be had would decide it. Train on the real images alone:", train)
