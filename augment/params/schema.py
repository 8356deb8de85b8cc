"""params.yaml as frozen models: the sections that compare, deliver and show, and the whole file.

docs/params.md is generated from these classes (`python -m pipeline.parameters`); `augment.params` loads them.
"""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field, model_validator

from augment.params.arm_row import Family, Features
from augment.params.arms import (
    ARMS,
    BACKBONE_ARMS,
    BASE_ARMS,
    BASE_AUGMENTATIONS,
    DEFAULT_ARMS,
    DISTANCE_ARM,
    REQUIRED_ARMS,
    ROW_OF,
    SMOTE_ARMS,
    TABLE_ARMS,
    TAUGHT_ARM,
    Arm,
    BaseAugmentation,
    arms_of_family,
    family_of,
    misfit,
)
from augment.params.backbone_section import BackboneFile
from augment.params.image_sections import Generate, Ingest, Section, Train
from augment.params.table_arms import TABLE_DEFAULT_ARMS
from augment.params.types import BACKBONE_MAX_SIDE_PX, ClusterAddress, DeliveredSize, Label, Steps, WatchedPath


class Evaluate(Section):
    """The comparison that the verdict rests on."""

    protocol: Literal["holdout", "repeated"] = "holdout"
    """`holdout`: one split, paired seeds; the verdict speaks of this split. `repeated`: a training set for every
    repeat: disjoint ones where the split left enough images over (data/prepared/pool), else 5 times 5 folds of all
    prepared images; several times the cost."""
    arms: Literal["default", "all"] | list[Arm] = Field(
        "default",
        description=f"`default`: {', '.join(DEFAULT_ARMS)}. `all`: every arm of docs/arms.md. Both leave out what "
        "needs a backbone where images are smaller than 16 px. Tables and vectors have arms of their own "
        "(docs/tables.md). A list must keep "
        f"`{REQUIRED_ARMS[0]}`, `{REQUIRED_ARMS[1]}` and `{REQUIRED_ARMS[2]}`, which the verdict needs. `smote` and "
        "`smote_half` need imbalanced-learn (extra `imblearn`).",
    )
    classifier: Literal["auto"] | Family = "auto"
    """The family that made images are added to. `auto`: that of the real-only arm which is best on val. `scratch`: a
    small network of its own (for a device, say); `probe`: logistic regression on a frozen backbone; `finetune`: the
    backbone's last layers trained on. The verdict of a fixed family speaks of it alone, and names what a probe has. Of
    tables: `logistic`, `shrinkage_lda` or `gradient_boosting`."""
    backbone: Literal["lite0"] | BackboneFile = "lite0"
    """The pretrained network of `probe` and `finetune`. `lite0`: EfficientNet-Lite0. A mapping names your own:
    {file: PATH, size: 224}, or {timm: NAME, weights: PATH}."""
    augmentation: Literal["auto"] | BaseAugmentation = Field(
        "auto",
        description="How a network from scratch augments where made images are added to it: "
        + ", ".join(f"`{way}`" for way in BASE_AUGMENTATIONS)
        + ". `auto`: that of them among the arms which is best on val, with real images alone.",
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
    """The class without a finding. For `recall_at_far`, where every other one is an alarm; the arm `normal_distance`
    needs it too, and it lends its images where `generate.sources` is `translated`."""
    false_alarm_rate: float = Field(0.05, gt=0, le=0.5)
    """For `recall_at_far`: the share of normal images that may raise an alarm."""
    second_classifier: Literal["off"] | Features = "random_convolutions"
    """Logistic regression on these features tells whether the answer holds for another classifier; it sees at most 200
    made images of a class and decides nothing. `imagenet`: EfficientNet-Lite0. Of tables, unless `off`: logistic
    regression on their columns, or linear discriminants where that is the base."""
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
    its own; nothing but a README in it: none. Every arm is tested on them too, and the verdict never looks at them. Of
    tables and vectors: one file with the columns of the other, or the folder that holds it."""
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
        if isinstance(self.arms, list) and DISTANCE_ARM in self.arms and self.normal is None:
            raise ValueError(f"the arm {DISTANCE_ARM} needs evaluate.normal: the label of the class without a finding")
        if self.classifier in ("probe", "finetune") and self.classifier not in self.arm_names:
            raise ValueError(f"classifier {self.classifier} must be among the arms too; add it to arms, or use `auto`")
        return self

    @property
    def arm_names(self) -> tuple[Arm, ...]:
        """The arms that are asked for, in the order of `ARMS`, whatever the images are."""
        if not isinstance(self.arms, str):
            return tuple(arm for arm in ARMS if arm in self.arms)
        wanted = {*DEFAULT_ARMS, *([TAUGHT_ARM] if self.classifier == "scratch" else [])}
        in_all = {*ARMS} if self.normal is not None else {*ARMS} - {DISTANCE_ARM}
        fitting = arms_of_family(in_all if self.arms == "all" else wanted, self.classifier)
        return tuple(arm for arm in ARMS if arm in fitting)

    def table_arms(self, installed: bool) -> tuple[Arm, ...]:
        """The arms that are asked for where rows of a table are judged; installed: whether imbalanced-learn is, without
        which only a list insists on its arms."""
        if isinstance(self.arms, list):
            return tuple(arm for arm in TABLE_ARMS if arm in self.arms)
        every = TABLE_ARMS if self.arms == "all" else TABLE_DEFAULT_ARMS
        able = [arm for arm in every if installed or arm not in SMOTE_ARMS]
        return tuple(arm for arm in able if self.classifier in ("auto", ROW_OF[arm].family) or not ROW_OF[arm].base)

    @property
    def backbone_side(self) -> int:
        """The largest shorter side that the backbone is shown, pixels."""
        return BACKBONE_MAX_SIDE_PX if isinstance(self.backbone, str) else self.backbone.size

    def base_arms(self, arms: Collection[Arm]) -> tuple[Arm, ...]:
        """Those of `arms` that made images may be added to, by `classifier` and `augmentation`."""
        return tuple(
            arm
            for arm in BASE_ARMS
            if arm in arms
            and self.classifier in ("auto", family_of(arm, None))
            and (self.augmentation in ("auto", arm) or family_of(arm, None) != "scratch")
        )


Delivered = Literal["auto", "working", "native"] | DeliveredSize | tuple[DeliveredSize, DeliveredSize]


class Assemble(Section):
    """What goes into data/augmented."""

    use: Literal["chosen", "real", "gan_fill", "gan_half_filtered"] = "chosen"
    """`chosen`: what the evaluation chose, which may be none. The others overrule it. `gan_fill` takes filtered
    samples, where the arm of that name in the evaluation takes unfiltered ones."""
    size: Delivered = "auto"
    """The size that images are delivered at, and that classifiers on a backbone are shown, as far as these look: with a
    shorter side of at most 224. `auto`: the originals' own, with a shorter side of at most 224, one size for all.
    `native`: originals as they are stored, each of its size. `working`: the size of the GANs (`ingest.size`), at which
    networks from scratch learn in any case. Or pixels, one number for a square or [height, width], of the aspect of
    `ingest.size` unless `ingest.fit` is stretch."""


class Report(Section):
    """The page and the pictures."""

    title: str = Field("GAN augmentation report", max_length=120, description="Heading of the page.")
    grid: int = Field(8, ge=2, le=16, description="Images per row in the sample grids.")


class Compute(Section):
    """Where the work runs. No stage depends on this section: changing it invalidates nothing."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: CUDA when torch finds it. On CUDA, GANs of equal settings train in stacks, in one process; their weights
    are then equal in distribution, not bit by bit."""
    engine: Literal["serial", "local", "ray"] = "local"
    """`local`: one process per core, one thread each. `serial`: this process. `ray`: the cores of a Ray cluster, and
    its GPUs with `gpus_per_task`; the results are those of `local` (docs/scale.md)."""
    jobs: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """Processes, of `ray` those of a cluster that is started here; `auto`: the cores."""
    address: ClusterAddress | None = None
    """Of `ray`: host:port of the cluster's head, or `auto`, the cluster that this machine is in. null: one is started
    here, and ends with the stage."""
    gpus_per_task: float = Field(0, ge=0, le=1)
    """Of `ray`: the share of a GPU that each stack of GANs has, 1 for one to itself. 0: all work on CPUs."""
    checkpoint_seconds: int = Field(30, ge=1)
    """A killed run, or machine, loses at most this much training, on a GPU an interval, about a tenth of a run."""
    store_gb: float = Field(20, gt=0, le=1e6)
    """GB of the work store: beyond it `experiment` ends by removing what was unused longest, never what it used."""

    @model_validator(mode="after")
    def _device_is_lent(self) -> "Compute":
        wanted = {"auto": self.gpus_per_task > 0, "cpu": False, "cuda": True}[self.device]
        if self.engine == "ray" and wanted != (self.gpus_per_task > 0):
            both = f"device: {self.device} and gpus_per_task: {self.gpus_per_task:g}"
            raise ValueError(f"{both} do not go together with engine: ray; set device: auto (gpus_per_task 0 for CPUs)")
        return self


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

    @model_validator(mode="after")
    def _arms_fit_the_source(self) -> "Params":
        if fault := misfit(self.evaluate.arms, self.evaluate.classifier, self.ingest.source, self.ingest.of_rows):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _normal_is_used(self) -> "Params":
        chosen = self.evaluate
        used = chosen.primary == "recall_at_far" or DISTANCE_ARM in chosen.arm_names or self.generate.translates
        if chosen.normal is not None and not used:
            advice = f"set it to null, change primary, add the arm {DISTANCE_ARM}, or set generate.sources: translated"
            raise ValueError(f"evaluate.normal {chosen.normal!r} is for primary recall_at_far, {DISTANCE_ARM} and "
                             f"translated samples only; {advice}")  # fmt: skip
        return self

    def backbone_judges(self, arms: Collection[Arm]) -> bool:
        """Whether made images may be added to a backbone; arms: those that run."""
        return self.evaluate.classifier != "scratch" and not {*BACKBONE_ARMS}.isdisjoint(arms)

    def delivers(self, arms: Collection[Arm]) -> Delivered:
        """What `assemble.size` comes to: `auto` is the working size where made images are judged at that alone."""
        return "working" if self.assemble.size == "auto" and not self.backbone_judges(arms) else self.assemble.size
