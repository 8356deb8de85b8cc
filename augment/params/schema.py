"""params.yaml as frozen models: the sections that compare, deliver and show, and the whole file.

docs/params.md is generated from these classes (`python -m pipeline.parameters`); `augment.params` loads them.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from augment.params.arms import (
    ARMS,
    AUGMENTATIONS,
    DEFAULT_ARMS,
    PRETRAINED_ARM,
    REQUIRED_ARMS,
    Arm,
    Augmentation,
    Features,
)
from augment.params.image_sections import Generate, Ingest, Section, Train
from augment.params.types import Label, Steps, WatchedPath


class Evaluate(Section):
    """The comparison that the verdict rests on."""

    protocol: Literal["holdout", "repeated"] = "holdout"
    """`holdout`: one split, paired seeds; the verdict speaks of this split. `repeated`: a training set for every
    repeat: disjoint ones where the split left enough images over (data/prepared/pool), else 5 times 5 folds of all
    prepared images; several times the cost."""
    arms: Literal["default", "all"] | list[Arm] = Field(
        "default",
        description=f"`default`: {', '.join(DEFAULT_ARMS)}. `all`: every arm of docs/protocol.md but "
        f"`{PRETRAINED_ARM}`, which needs the extra of that name. A list must keep `{REQUIRED_ARMS[0]}`, "
        f"`{REQUIRED_ARMS[1]}` and `{REQUIRED_ARMS[2]}`, which the verdict needs.",
    )
    augmentation: Literal["auto"] | Augmentation = Field(
        "auto",
        description="What the arms with made images add to: " + ", ".join(f"`{way}`" for way in AUGMENTATIONS) + ". "
        "`auto`: that of them among the arms which is best on val, with real images alone.",
    )
    seeds: int = Field(5, ge=2, le=100)
    """Paired repeats of `holdout`, each with its own GANs, samples, init and order."""
    gate: Literal["auto", "val", "rotate"] = "auto"
    """For `holdout`. `val`: every repeat has the same train and val. `rotate`: each holds out other images of both as
    its val, so that more of them judge. `auto`: `rotate` where a class has fewer than 10 independent val images and
    nothing is pinned by `train.base`."""
    repeats: int = Field(10, ge=10, le=100)
    """Disjoint training sets of `repeated`, the delivered one among them."""
    primary: Literal["balanced_accuracy", "recall_at_far"] = "balanced_accuracy"
    """The primary metric. `balanced_accuracy`: the mean of the classes' recalls. `recall_at_far`: the mean share of
    every class but `normal` that is found at `false_alarm_rate`."""
    normal: Label | None = None
    """For `recall_at_far`: the class without a finding; every other one is an alarm."""
    false_alarm_rate: float = Field(0.05, gt=0, le=0.5)
    """For `recall_at_far`: the share of normal images that may raise an alarm."""
    second_classifier: Literal["off"] | Features = "random_convolutions"
    """Logistic regression on these features tells whether the answer holds for another classifier; it sees at most 200
    made images of a class and decides nothing. `imagenet`: EfficientNet-Lite0, from the extra `pretrained`."""
    steps: Steps = "auto"
    """Optimiser steps of every classifier, equal for all arms; auto: 400, from 16 px up 1200."""
    batch_size: int = Field(64, ge=2, le=1024, description="Images per classifier step.")
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="AdamW's peak learning rate.")
    learning_curve: Literal["off", "on"] = "off"
    """`on`: train the chosen real-only arm on 1/4, 1/2 and 3/4 of train too (and on twice as many where
    data/prepared/pool has them), to tell how many real images the synthetic ones are worth; about half as many
    classifiers again."""
    external: WatchedPath = "data/external"
    """Folder of class folders with test images from elsewhere (another camera, another site), read as `ingest` reads
    its own; nothing but a README in it: none. Every arm is tested on them too, and the verdict never looks at them."""
    equivalence: float = Field(0.01, gt=0, le=0.1)
    """Gains within plus or minus this count as equivalent (0.01 = 1 point)."""
    resamples: int = Field(2000, ge=200, le=100_000, description="Bootstrap draws of the test groups.")

    @model_validator(mode="after")
    def _keys_fit_together(self) -> "Evaluate":
        missing = [arm for arm in REQUIRED_ARMS if arm not in self.arm_names]
        if missing:
            raise ValueError(f"the verdict also needs the arms {', '.join(missing)}; add them or use `default`")
        if self.augmentation != "auto" and self.augmentation not in self.arm_names:
            raise ValueError(
                f"augmentation {self.augmentation} must be among the arms too, or what it gains by itself would count "
                f"as a gain of the made images; add it to arms, or use `auto`"
            )
        if self.primary == "recall_at_far" and self.normal is None:
            raise ValueError("primary recall_at_far needs evaluate.normal: the label of the class without a finding")
        if self.primary != "recall_at_far" and self.normal is not None:
            advice = "set it to null, or change primary"
            raise ValueError(f"normal {self.normal!r} is for primary recall_at_far only; {advice}")
        return self

    @property
    def arm_names(self) -> tuple[Arm, ...]:
        """The arms to run, in the order of `ARMS`."""
        whole = [arm for arm in ARMS if arm != PRETRAINED_ARM]
        wanted = {"default": DEFAULT_ARMS, "all": whole}[self.arms] if isinstance(self.arms, str) else self.arms
        return tuple(arm for arm in ARMS if arm in wanted)


class Assemble(Section):
    """What goes into data/augmented."""

    use: Literal["chosen", "real", "gan_fill", "gan_half_filtered"] = "chosen"
    """`chosen`: what the evaluation chose, which may be none. The others overrule it. `gan_fill` takes filtered
    samples, where the arm of that name in the evaluation takes unfiltered ones."""


class Report(Section):
    """The page and the pictures."""

    title: str = Field("GAN augmentation report", max_length=120, description="Heading of the page.")
    grid: int = Field(8, ge=2, le=16, description="Images per row in the sample grids.")


class Compute(Section):
    """Where the work runs. No stage depends on this section: changing it invalidates nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: CUDA when torch finds it. On CUDA, GANs of equal settings train in stacks, in one process; their weights
    are then equal in distribution, not bit by bit."""
    engine: Literal["serial", "local"] = "local"
    """`local`: one process per core, one thread each. `serial`: this process."""
    jobs: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """Processes; `auto`: the cores."""
    checkpoint_seconds: int = Field(30, ge=1)
    """A killed run loses at most this much training, on a GPU an interval, about a tenth of a run."""


class Params(Section):
    """All of params.yaml."""

    seed: int = Field(0, ge=0, lt=2**53, description="The root of every random draw.")
    ingest: Ingest = Ingest()
    train: Train = Train()
    generate: Generate = Generate()
    evaluate: Evaluate = Evaluate()
    assemble: Assemble = Assemble()
    report: Report = Report()
    compute: Compute = Compute()
