"""The sections of params.yaml as frozen models: the only schema of the project's settings.

docs/params.md is generated from these classes (`python -m augment.params.reference`); `augment.params` loads them.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from augment.params.arms import ARMS, AUGMENTATIONS, DEFAULT_ARMS, Arm, Augmentation, Features
from augment.params.types import (
    MOST_GAMMA,
    MOST_STEPS,
    Flips,
    Fraction,
    Label,
    PerClass,
    Probability,
    Size,
    Steps,
    TextKeys,
    WatchedPath,
)


class Section(BaseModel):
    """A section of params.yaml: frozen, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Ingest(Section):
    """Where the images come from, how they are cleaned, and how they are split."""

    source: Literal["digits", "slanted", "folder", "idx", "list"] = Field(
        "digits",
        description="`digits`: scikit-learn's 8x8 digits, no download. `slanted`: 2x2 faces and noise (docs/gans.md). "
        "`folder`: one sub-folder per class. `idx`: the four files of MNIST's format. "
        "`list`: images.csv (path, label, group, split), images anywhere.",
    )
    path: WatchedPath = Field(
        "data/raw",
        description="The folder, or the file images.csv. An optional meta.csv in a folder of class folders "
        "(path, class, split, group) is honoured.",
    )
    group_pattern: str | None = Field(
        None,
        description="Regular expression, searched in each image's path; its first group names what must not "
        "straddle a split: `(part\\d+)_`. For `folder` and `list`.",
    )
    size: Size | tuple[Size, Size] | None = Field(
        None,
        description="Pixels, one number or [height, width]. null: as they are, which must then be one size.",
    )
    color: Literal["auto", "grey", "rgb"] = Field(
        "auto", description="Channels. `auto`: grey when every image is grey, else RGB."
    )
    background: int = Field(255, ge=0, le=255, description="Grey level put behind transparent pixels.")
    flips: Flips = Field(
        "none",
        description="Mirror images that keep their class. GANs and classical augmentation use them; "
        "`none` is right for text, digits and anything with a handedness.",
    )
    train_per_class: Annotated[int, Field(ge=2)] | PerClass | None = Field(
        None,
        description="Draw a small training set: a number, or a mapping label -> number. val comes out of "
        "it; the rest is test. null: use everything.",
    )
    test_fraction: Fraction = Field(
        0.3, description="Share of each class held out as test when `train_per_class` is null."
    )
    val_fraction: Fraction = Field(0.2, description="Share of each class's training images held out as val.")
    test_max: int = Field(5000, ge=1, description="Most test images in all; the rest is left out.")
    min_per_class: int = Field(
        5, ge=2, description="Fewest usable images of a class; with fewer the run stops and names the class."
    )
    conflicts: Literal["drop", "stop"] = Field(
        "drop",
        description="One image under two labels: `drop` quarantines every copy, `stop` ends the run.",
    )
    near_duplicates: Literal["group", "off"] = Field(
        "group",
        description="Images from 16 px up that are one picture but for re-encoding, size, brightness, a turn or a crop "
        "of a tenth: `group` keeps them on one side of the split, where no group is given. Equal images always are.",
    )
    max_file_mb: int = Field(50, ge=1, description="Files above this size are quarantined unopened.")
    max_pixels: int = Field(50_000_000, ge=1, description="Images that declare more pixels are quarantined undecoded.")

    @model_validator(mode="after")
    def _pattern_has_a_group(self) -> "Ingest":
        if self.group_pattern is None:
            return self
        if self.source not in ("folder", "list"):
            raise ValueError(f"group_pattern needs paths, and source {self.source} has none; set it to null")
        try:
            groups = re.compile(self.group_pattern).groups
        except re.error as error:
            raise ValueError(f"group_pattern {self.group_pattern!r}: not a regular expression ({error})") from error
        if not groups:
            raise ValueError(f"group_pattern {self.group_pattern!r}: put parentheses around what names the group")
        return self


class Override(Section):
    """What one class may have of its own."""

    steps: int | None = Field(None, ge=1, le=MOST_STEPS, description="Training steps of this class's GAN.")
    learning_rate: float | None = Field(None, gt=0, le=0.1, description="Adam's learning rate.")
    gamma: float | None = Field(None, ge=0, le=MOST_GAMMA, description="Weight of R1 + R2.")
    augmentation: Probability | Literal["auto"] | None = Field(
        None, description="Probability of differentiable augmentation, or `auto`."
    )


class Train(Section):
    """The GANs: one per class."""

    network: Literal["linear", "dcgan", "residual"] = Field(
        "dcgan",
        description="`dcgan`: strided convolutions, batch norm in G, no norm in D. `residual`: no norm at all, several "
        "times the arithmetic; for larger images. `linear`: one layer each, up to 40 px a side.",
    )
    width: int = Field(32, ge=4, le=256, description="Channels of the layer nearest to the image.")
    latent: int = Field(64, ge=1, le=1024, description="Length of the latent vector z.")
    loss: Literal["relativistic", "non_saturating", "minimax", "mse", "least_squares", "hinge", "wasserstein_gp"] = (
        Field(
            "relativistic",
            description="`relativistic`: RpGAN (each real against a fake). `non_saturating`: G minimises -ln D(G(z)). "
            "`minimax`: the zero-sum game. `mse`: squared error of the probability, `least_squares`: of the raw score. "
            "`hinge`. `wasserstein_gp`: a distance, with its own penalty. docs/gans.md shows each.",
        )
    )
    gamma: float = Field(
        0.5,
        ge=0,
        le=MOST_GAMMA,
        description="Weight gamma of the penalty gamma/2 (R1 + R2) at 32 pixels; 0 switches it off. "
        "`wasserstein_gp` has its own penalty, with lambda = 20 gamma, and needs it.",
    )
    penalty_every: int = Field(4, ge=1, description="Penalty on every k-th step, weighted by k (lazy regularisation).")
    augmentation: Probability | Literal["auto"] = Field(
        0.6,
        description="Probability, per image and operation, of differentiable augmentation. `auto`: it follows how much "
        "D overfits the images, for each class by itself. Flips that `ingest.flips` declares are made at any value.",
    )
    color_augmentation: bool = Field(
        False, description="Also vary brightness and contrast; false when intensity or colour is the label."
    )
    transfer: Literal["shared", "none"] = Field(
        "shared",
        description="`shared`: one GAN on all classes first, then a copy of it fine-tuned per class. "
        "`none`: every class from scratch; then one class can change without the others.",
    )
    base: WatchedPath = Field(
        "data/base",
        description="Folder of a generator bundle that takes the place of the shared GAN, so that classes train "
        "alone; nothing but a README in it: none. `cp models/_shared/* data/base/` pins the last one. It has seen "
        "images that repeats may hold out, so it asks for `evaluate.protocol: holdout` and `gate: val`.",
    )
    shared_steps: Steps = Field("auto", description="Steps of the shared GAN; `auto`: 1200, from 16 px up 5000.")
    steps: Steps = Field(
        "auto",
        description="Steps of each class's GAN; `auto`: 300, from 16 px up 400, "
        "and after a shared GAN at most 40 for each training image.",
    )
    batch_size: int = Field(32, ge=2, le=1024, description="Images per step, drawn with replacement.")
    learning_rate: Annotated[float, Field(gt=0, le=0.1)] | Literal["auto"] = Field(
        "auto", description="Adam's learning rate, betas (0, 0.99); `auto`: 0.001, for `linear` 0.01."
    )
    ema_std: float = Field(
        0.1,
        gt=0,
        le=0.25,
        description="Width of the power-function average of G's weights, as a share of the run.",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="`auto`: bf16 where the processor multiplies it in hardware and images reach 16 px.",
    )
    overrides: Annotated[dict[str, Override], TextKeys] = Field(
        default_factory=dict,
        description="Settings of single classes: label -> {steps, learning_rate, gamma, augmentation}.",
    )


class Generate(Section):
    """How many samples are made, and which are kept."""

    per_class: Annotated[int, Field(ge=1, le=100_000)] | Literal["auto"] = Field(
        "auto",
        description="Synthetic images wanted for each class. `auto`: 200 below 16 px; from there 20,000 divided by the "
        "classes, at most 2000, and at most 20 million values (pixels times channels) in all, never fewer than 200.",
    )
    oversample: int = Field(
        3,
        ge=1,
        le=50,
        description="Candidates made for each image wanted, at most: they come in rounds of 600 until enough pass.",
    )
    borrowed: Probability = Field(
        0.75,
        description="Share of the candidates of classes no larger than the median one that are their own images varied "
        "as those of the largest classes vary, in the latent space of the shared GAN, and keep traces of themselves; "
        "0: none.",
    )
    accept: Fraction = Field(
        0.9,
        description="The class filter's threshold accepts this share of held-out real images of the class.",
    )
    folds: int = Field(3, ge=2, le=10, description="Folds of the cross-fitted classifier that filters.")
    filter_steps: int = Field(
        150, ge=1, le=MOST_STEPS, description="Training steps of each of the filter's classifiers."
    )


class Evaluate(Section):
    """The comparison that the verdict rests on."""

    protocol: Literal["holdout", "repeated"] = Field(
        "holdout",
        description="`holdout`: one split, paired seeds; the verdict speaks of this split. `repeated`: a training set "
        "for every repeat: disjoint ones where the split left enough images over (data/prepared/pool), else 5 times 5 "
        "folds of all prepared images; several times the cost.",
    )
    arms: Literal["default", "all"] | list[Arm] = Field(
        "default",
        description="`default`: " + ", ".join(DEFAULT_ARMS) + ". `all`: every arm of docs/evaluation.md but "
        "`pretrained`, which needs the extra of that name. A list must keep `none`, `gan_half_filtered` and "
        "`copies_half`, which the verdict needs.",
    )
    augmentation: Literal["auto"] | Augmentation = Field(
        "auto",
        description="What the arms with made images add to: " + ", ".join(f"`{way}`" for way in AUGMENTATIONS) + ". "
        "`auto`: that of them among the arms which is best on val, with real images alone.",
    )
    seeds: int = Field(
        5, ge=2, le=100, description="Paired repeats of `holdout`, each with its own GANs, samples, init and order."
    )
    gate: Literal["auto", "val", "rotate"] = Field(
        "auto",
        description="For `holdout`. `val`: every repeat has the same train and val. `rotate`: each holds out other "
        "images of both as its val, so that more of them judge. `auto`: `rotate` where a class has fewer than 10 "
        "independent val images and nothing is pinned by `train.base`.",
    )
    repeats: int = Field(
        10, ge=10, le=100, description="Disjoint training sets of `repeated`, the delivered one among them."
    )
    primary: Literal["balanced_accuracy", "recall_at_far"] = Field(
        "balanced_accuracy",
        description="The figure that decides. `balanced_accuracy`: the mean of the classes' recalls. `recall_at_far`: "
        "the mean share of every class but `normal` that is found at `false_alarm_rate`.",
    )
    normal: Label | None = Field(
        None, description="For `recall_at_far`: the class without a finding; every other one is an alarm."
    )
    false_alarm_rate: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="For `recall_at_far`: the share of normal images that may raise an alarm.",
    )
    second_classifier: Literal["off"] | Features = Field(
        "random_convolutions",
        description="Logistic regression on these features tells whether the answer holds for another classifier; it "
        "sees at most 200 made images of a class and decides nothing. `imagenet`: EfficientNet-Lite0, from the extra "
        "`pretrained`.",
    )
    steps: Steps = Field(
        "auto",
        description="Optimiser steps of every classifier, equal for all arms; auto: 400, from 16 px up 1200.",
    )
    batch_size: int = Field(64, ge=2, le=1024, description="Images per classifier step.")
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="AdamW's peak learning rate.")
    learning_curve: Literal["off", "on"] = Field(
        "off",
        description="`on`: train the chosen real-only arm on 1/4, 1/2 and 3/4 of train too (and on twice as many where "
        "data/prepared/pool has them), to tell how many real images the synthetic ones are worth; about half as many "
        "classifiers again.",
    )
    external: WatchedPath = Field(
        "data/external",
        description="Folder of class folders with test images from elsewhere (another camera, another site), read as "
        "`ingest` reads its own; nothing but a README in it: none. Every arm is tested on them too, and the "
        "verdict never looks at them.",
    )
    equivalence: float = Field(
        0.01,
        gt=0,
        le=0.1,
        description="Gains within plus or minus this count as equivalent (0.01 = 1 point).",
    )
    resamples: int = Field(2000, ge=200, le=100_000, description="Bootstrap draws of the test groups.")

    @model_validator(mode="after")
    def _arms_suffice(self) -> "Evaluate":
        missing = [arm for arm in ("none", "gan_half_filtered", "copies_half") if arm not in self.arm_names]
        if missing:
            raise ValueError(f"the verdict also needs the arms {', '.join(missing)}; add them or use `default`")
        return self

    @model_validator(mode="after")
    def _augmentation_is_a_rival(self) -> "Evaluate":
        if self.augmentation != "auto" and self.augmentation not in self.arm_names:
            raise ValueError(
                f"augmentation {self.augmentation} must be among the arms too, or what it gains by itself would count "
                f"as a gain of the made images; add it to arms, or use `auto`"
            )
        return self

    @model_validator(mode="after")
    def _normal_is_named(self) -> "Evaluate":
        if self.primary == "recall_at_far" and self.normal is None:
            raise ValueError("primary recall_at_far needs evaluate.normal: the label of the class without a finding")
        if self.primary != "recall_at_far" and self.normal is not None:
            raise ValueError(
                f"normal {self.normal!r} is for primary recall_at_far only; set it to null, or change primary"
            )
        return self

    @property
    def arm_names(self) -> tuple[Arm, ...]:
        """The arms to run, in the order of `ARMS`."""
        whole = [arm for arm in ARMS if arm != "pretrained"]
        wanted = {"default": DEFAULT_ARMS, "all": whole}[self.arms] if isinstance(self.arms, str) else self.arms
        return tuple(arm for arm in ARMS if arm in wanted)


class Assemble(Section):
    """What goes into data/augmented."""

    use: Literal["chosen", "real", "gan_fill", "gan_half_filtered"] = Field(
        "chosen",
        description="`chosen`: what the evaluation chose, which may be none. The others overrule it. "
        "`gan_fill` takes filtered samples, where the arm of that name in the evaluation takes unfiltered ones.",
    )


class Report(Section):
    """The page and the pictures."""

    title: str = Field("GAN augmentation report", max_length=120, description="Heading of the page.")
    grid: int = Field(8, ge=2, le=16, description="Images per row in the sample grids.")


class Compute(Section):
    """Where the work runs. No stage depends on this section: changing it invalidates nothing."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="`auto`: CUDA when torch finds it. On CUDA, GANs of equal settings train in stacks, in one "
        "process; their weights are then equal in distribution, not bit by bit.",
    )
    engine: Literal["serial", "local"] = Field(
        "local", description="`local`: one process per core, one thread each. `serial`: this process."
    )
    jobs: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = Field(
        "auto", description="Processes; `auto`: the cores."
    )
    checkpoint_seconds: int = Field(
        30,
        ge=1,
        description="A killed run loses at most this much training; on a GPU at most a turn, about a tenth of a run.",
    )


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
