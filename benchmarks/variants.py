"""What the sweep over ways of training the GANs tries, and how its rows are named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """Changes of `train:`, and what the default's steps are multiplied by."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    shared: float = 1.0
    own: float = 1.0


SCRATCH = "from scratch, as many steps in all"
VARIANTS = {
    "default": Variant(),
    SCRATCH: Variant({"transfer": "none"}),
    "shared steps / 2": Variant(shared=0.5),
    "shared steps x 2": Variant(shared=2.0),
    "class steps / 4": Variant(own=0.25),
    "class steps x 2": Variant(own=2.0),
    "non_saturating": Variant({"loss": "non_saturating"}),
    "hinge": Variant({"loss": "hinge"}),
    "least_squares": Variant({"loss": "least_squares"}),
    "penalty every step": Variant({"penalty_every": 1}),
    "penalty every 16": Variant({"penalty_every": 16}),
    "gamma 0.1": Variant({"gamma": 0.1}),
    "gamma 2": Variant({"gamma": 2.0}),
    "augmentation 0": Variant({"augmentation": 0.0}),
    "augmentation 0.3": Variant({"augmentation": 0.3}),
    "augmentation 0.9": Variant({"augmentation": 0.9}),
    "augmentation auto": Variant({"augmentation": "auto"}),
    "average width 0.05": Variant({"ema_std": 0.05}),
    "average width 0.2": Variant({"ema_std": 0.2}),
    "learning rate 5e-4": Variant({"learning_rate": 5e-4}),
    "learning rate 2e-3": Variant({"learning_rate": 2e-3}),
    "width 16": Variant({"width": 16}),
    "width 48": Variant({"width": 48}),
    "batch 64, half the steps": Variant({"batch_size": 64}, shared=0.5, own=0.5),
    "residual, a quarter of the steps": Variant({"network": "residual"}, shared=0.25, own=0.25),
}
FINALISTS = ("default", SCRATCH, "penalty every 16")
KEYS = ("what", "set", "counts", "subset", "variant")  # of a row
