"""What `train:` of params.yaml means for rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from augment.core.errors import ParamsError
from augment.gan.training.losses import LossName
from augment.params import Train

SHARED_STEPS, CLASS_STEPS, MAX_STEPS_PER_ROW = 200, 50, 20
LEARNING_RATE = 1e-3
HIDDEN_PER_WIDTH = 4  # train.width counts channels of images


@dataclass(frozen=True)
class RowSettings:
    """How the GANs of a set of rows are trained. shared_steps: 0 for none; steps: of each class."""

    hidden: int
    latent: int
    loss: LossName
    gamma: float
    penalty_every: int
    shared_steps: int
    steps: Mapping[str, int]
    batch_size: int
    learning_rate: float
    ema_std: float


def row_settings(train: Train, counts: Mapping[str, int], name: str = "params.yaml") -> RowSettings:
    """Resolve `train:` for classes of so many training rows. Raises `ParamsError` for an override of a class that is
    not there, or of a key that rows have no use for."""
    unknown = [label for label in train.overrides if label not in counts]
    if unknown:
        raise ParamsError(f"{name}: train.overrides: no class is called {unknown[0]!r}; there are {', '.join(counts)}")
    for label, override in train.overrides.items():
        odd = set(override.model_dump(exclude_none=True)) - {"steps"}
        if odd:
            raise ParamsError(
                f"{name}: train.overrides.{label}: {odd.pop()} is for images; of rows only steps may differ"
            )
    usual = CLASS_STEPS if train.transfer == "shared" else SHARED_STEPS
    steps = {label: min(usual, MAX_STEPS_PER_ROW * number) if train.steps == "auto" else train.steps
             for label, number in counts.items()}  # fmt: skip
    own = {label: override.steps for label, override in train.overrides.items() if override.steps is not None}
    shared = SHARED_STEPS if train.shared_steps == "auto" else train.shared_steps
    return RowSettings(
        hidden=HIDDEN_PER_WIDTH * train.width,
        latent=train.latent,
        loss=train.loss,
        gamma=train.gamma,
        penalty_every=train.penalty_every,
        shared_steps=shared if train.transfer == "shared" else 0,
        steps=steps | own,
        batch_size=train.batch_size,
        learning_rate=LEARNING_RATE if train.learning_rate == "auto" else train.learning_rate,
        ema_std=train.ema_std,
    )
