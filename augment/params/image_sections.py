"""The sections of params.yaml that say how images come to be: `ingest`, `train`, `generate`."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from augment.params.types import (
    LARGE_FROM_PX,
    MAX_GAMMA,
    MAX_STEPS,
    ColumnKind,
    Flips,
    Fraction,
    Label,
    PerClass,
    Probability,
    SampleSource,
    Size,
    Steps,
    TextKeys,
    WatchedPath,
)

MIN_SAMPLES_PER_CLASS, MAX_SAMPLES_PER_CLASS = 200, 2000
MAX_SAMPLES = 20_000  # of all classes: about half of what a classifier of 1200 steps could draw
MAX_VALUES = 20_000_000  # in all of them, which bounds memory, but never below `MIN_SAMPLES_PER_CLASS`


class Section(BaseModel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True):
    """A section of params.yaml: frozen, and no key that is not declared; the text below a key describes it."""


class Ingest(Section):
    """Where the images come from, how they are cleaned, and how they are split."""

    source: Literal["digits", "slanted", "surfaces", "shapes", "folder", "idx", "list", "table", "vectors"] = "digits"
    """`digits`: scikit-learn's 8x8 digits, no download. `slanted`: 2x2 faces and noise (docs/gans-by-hand.md).
    `surfaces`: 32x32 plates made in code, 600 good ones and 60 of each of five kinds of defects (docs/transplants.md).
    `shapes`: 16x16 shapes of a colour, size and place, with descriptions (docs/words.md).
    `folder`: one sub-folder per class. `idx`: the four files of MNIST's format. `list`: images.csv (path, label, group,
    split), images anywhere. `table`: rows of a CSV or Parquet file; `vectors`: arrays of an .npz file
    (docs/tables.md)."""
    path: WatchedPath = "data/raw"
    """The folder, or the file: images.csv, a table, vectors. An optional meta.csv in a folder of class folders (path,
    class, split, group) is honoured."""
    descriptions: WatchedPath = "data/descriptions"
    """File (CSV, JSON or YAML) that says of each class, or image, what it is: a short text, or a table of attributes.
    Then a generator of all classes learns to draw from words (docs/words.md). A folder with nothing but a README in it:
    none."""
    class_folder: Literal["auto", "top", "last"] = "auto"
    """Which folder of an image's path names its class, for `folder`. `auto`: found from the folders, split folders
    (train, val, test) told apart; where that leaves it open the run stops. `top`: the first. `last`: the one that holds
    the image."""
    split: Literal["declared", "drawn"] = "declared"
    """`declared`: the set's own split, where it has one (folders, meta.csv, images.csv, the test half of IDX). `drawn`:
    that is left aside, and one is drawn."""
    group_pattern: str | None = None
    """Regular expression, searched in each image's path; its first group names what must not straddle a split:
    `(part\\d+)_`. For `folder` and `list`."""
    label_column: Label | None = Field(None, description="Column of the class, for `table`; null: found.")
    group_column: Label | None = None
    """Column of a table whose equal values never straddle a split: a patient, a machine, a day."""
    split_column: Label | None = Field(None, description="Column of a table with train, val and test.")
    columns: Annotated[dict[str, ColumnKind], TextKeys] = Field(default_factory=dict)
    """What columns of a table are, where looking at them would say otherwise: {zip: categorical, age: integer, note:
    left_out}; `numeric`, `integer`, `categorical` or `left_out`."""
    size: Size | tuple[Size, Size] | Literal["auto"] | None = None
    """Working size of the GANs in pixels, one number or [height, width]. null: as they are, which must then be one
    size. `auto`: the median size, its longer side at most 64, 48, 32, 24 or 16 px, the more classes the fewer, so that
    a run takes less than an hour on two cores by rule of thumb; `augment init` times it instead."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How an image of another aspect becomes this size. `stretch`: each side by a factor of its own. `crop`: it covers
    the size, and its middle is kept. `pad`: all of it stays, and `background` fills the rest."""
    color: Literal["auto", "grey", "rgb"] = "auto"
    """Channels. `auto`: grey when every image is grey, else RGB."""
    background: int = Field(
        255, ge=0, le=255, description="Grey level put behind transparent pixels, and around padded images."
    )
    flips: Flips = "none"
    """Mirror images that keep their class. GANs and classical augmentation use them; `none` is right for text, digits
    and anything with a handedness."""
    train_per_class: Annotated[int, Field(ge=2)] | PerClass | None = None
    """Draw a small training set: a number, or a mapping label -> number. val comes out of it; the rest is test. null:
    use everything."""
    test_fraction: Fraction = 0.3
    """Share of each class held out as test when `train_per_class` is null."""
    val_fraction: Fraction = Field(0.2, description="Share of each class's training images held out as val.")
    test_max: int = Field(5000, ge=1, description="Most test images in all; the rest is left out.")
    min_per_class: int = Field(5, ge=2)
    """Fewest usable images of a class; with fewer the run stops and names the class."""
    conflicts: Literal["drop", "stop"] = "drop"
    """One image under two labels: `drop` quarantines every copy, `stop` ends the run."""
    near_duplicates: Literal["group", "off"] = "group"
    """Images from 16 px up that are one picture but for re-encoding, size, brightness, a turn or a crop of a tenth:
    `group` keeps them on one side of the split, where no group is given. Equal images always are."""
    max_file_mb: int = Field(50, ge=1, description="Files above this size are quarantined unopened.")
    max_pixels: int = Field(50_000_000, ge=1, description="Images that declare more pixels are quarantined undecoded.")

    @property
    def of_rows(self) -> bool:
        """Rows of a table or vectors, not images."""
        return self.source in ("table", "vectors")

    @model_validator(mode="after")
    def _columns_are_of_tables(self) -> "Ingest":
        named = {"label_column": self.label_column, "group_column": self.group_column,
                 "split_column": self.split_column, "columns": self.columns}  # fmt: skip
        given = [key for key, value in named.items() if value]
        if given and self.source != "table":
            raise ValueError(f"{given[0]} is for source table, and source is {self.source}; take it out")
        return self

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
    """What may differ for one class."""

    steps: int | None = Field(None, ge=1, le=MAX_STEPS, description="Training steps of this class's GAN.")
    learning_rate: float | None = Field(None, gt=0, le=0.1, description="Adam's learning rate.")
    gamma: float | None = Field(None, ge=0, le=MAX_GAMMA, description="Weight of R1 + R2.")
    augmentation: Probability | Literal["auto"] | None = None
    """Probability of differentiable augmentation, or `auto`."""


class Train(Section):
    """The GANs: one per class."""

    network: Literal["linear", "dcgan", "residual"] = "dcgan"
    """`dcgan`: strided convolutions, batch norm in G, no norm in D. `residual`: no norm at all, several times the
    arithmetic; for larger images. `linear`: one layer each, up to 40 px a side."""
    width: int = Field(32, ge=4, le=256, description="Channels of the layer nearest to the image.")
    latent: int = Field(64, ge=1, le=1024, description="Length of the latent vector z.")
    loss: Literal["relativistic", "non_saturating", "minimax", "mse", "least_squares", "hinge", "wasserstein_gp"] = (
        "relativistic"
    )
    """`relativistic`: RpGAN (each real against a fake). `non_saturating`: G minimises -ln D(G(z)). `minimax`: the
    zero-sum game. `mse`: squared error of the probability, `least_squares`: of the raw score. `hinge`.
    `wasserstein_gp`: a distance, with its own penalty. docs/gans.md has each."""
    gamma: float = Field(0.5, ge=0, le=MAX_GAMMA)
    """Weight gamma of the penalty gamma/2 (R1 + R2) at 32 pixels; 0 switches it off. `wasserstein_gp` has its own
    penalty, with lambda = 20 gamma, and needs it."""
    penalty_every: int = Field(4, ge=1, description="Penalty on every k-th step, weighted by k (lazy regularisation).")
    augmentation: Probability | Literal["auto"] = 0.6
    """Probability, per image and operation, of differentiable augmentation. `auto`: it follows how much D overfits the
    images, for each class by itself. Flips that `ingest.flips` declares are made at any value."""
    color_augmentation: bool = False
    """Also vary brightness and contrast; false when intensity or colour is the label."""
    transfer: Literal["shared", "none"] = "shared"
    """`shared`: one GAN on all classes first, then a copy of it fine-tuned per class. `none`: every class from scratch;
    then one class can change without the others."""
    base: WatchedPath = "data/base"
    """Folder of a generator bundle that takes the place of the shared GAN, so that classes train alone; nothing but a
    README in it: none. `cp models/_shared/* data/base/` pins the last one. It has seen images that repeats may hold
    out, so it asks for `evaluate.protocol: holdout` and `gate: val`."""
    shared_steps: Steps = Field("auto", description="Steps of the shared GAN; `auto`: 1200, from 16 px up 5000.")
    steps: Steps = "auto"
    """Steps of each class's GAN; `auto`: 300, from 16 px up 400, and after a shared GAN at most 40 for each training
    image."""
    batch_size: int = Field(32, ge=2, le=1024, description="Images per step, drawn with replacement.")
    learning_rate: Annotated[float, Field(gt=0, le=0.1)] | Literal["auto"] = "auto"
    """Adam's learning rate, betas (0, 0.99); `auto`: 0.001, for `linear` 0.01."""
    ema_std: float = Field(0.1, gt=0, le=0.25)
    """Width of the power-function average of G's weights, as a share of the run."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """`auto`: bf16 where the processor multiplies it in hardware and images reach 16 px."""
    overrides: Annotated[dict[str, Override], TextKeys] = Field(default_factory=dict)
    """Settings of single classes: label -> {steps, learning_rate, gamma, augmentation}."""


class Generate(Section):
    """How many samples are made, and which are kept."""

    per_class: Annotated[int, Field(ge=1, le=100_000)] | Literal["auto"] = "auto"
    """Synthetic images wanted for each class. `auto`: 200 below 16 px; from there 20,000 divided by the classes, at
    most 2000, and at most 20 million values (pixels times channels) in all, never fewer than 200."""
    oversample: int = Field(3, ge=1, le=50)
    """Candidates made for each image wanted, at most: they come in rounds of 600 until enough pass."""
    borrowed: Probability = 0.75
    """Share of the candidates of minority classes (no larger than the median class) that are images of the class varied
    as those of donor classes vary, in the latent space of the shared GAN. They keep traces of those images; 0: none."""
    sources: SampleSource | Annotated[dict[str, SampleSource], TextKeys] = "auto"
    """Where samples come from, for all classes or by label: `own`: the class's GAN alone; `borrowed`: latent transfer
    too, as `borrowed` says; `translated`: its defects carried onto images of a class far richer than all others, or of
    `evaluate.normal`, where such twins are found; `auto`: `borrowed`, which a class without donors does without
    (docs/transplants.md)."""
    accept: Fraction = 0.9
    """The class filter's threshold accepts this share of held-out real images of the class."""
    folds: int = Field(3, ge=2, le=10, description="Folds of the cross-fitted classifier that filters.")
    filter_steps: int = Field(150, ge=1, le=MAX_STEPS)
    """Training steps of each of the filter's classifiers."""
    selection: WatchedPath = "data/selection"
    """Folder of selection.json, where `augment explore` writes which samples a person kept and rejected; nothing but a
    README in it: none. A kept one is delivered first, though the class filter refuses it; never a near copy."""

    @property
    def translates(self) -> bool:
        """Whether any class is asked to."""
        named = [self.sources] if isinstance(self.sources, str) else self.sources.values()
        return "translated" in named

    def samples_of_each(self, classes: int, channels: int, height: int, width: int) -> int:
        """What `per_class` comes to for such images. Below 16 px classifiers have less use of more samples."""
        if self.per_class != "auto":
            return self.per_class
        if min(height, width) < LARGE_FROM_PX:
            return MIN_SAMPLES_PER_CLASS
        in_all = min(MAX_SAMPLES, MAX_VALUES // (channels * height * width))
        return min(MAX_SAMPLES_PER_CLASS, max(MIN_SAMPLES_PER_CLASS, in_all // classes))
