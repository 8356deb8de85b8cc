"""The table of arms: one row for each way to train that is compared. Nothing else spells what an arm is.

Three families of classifiers learn from images: `scratch`, a small network of its own; `probe`, logistic regression on
what a frozen backbone sees; `finetune`, that backbone's last layers trained on. An arm names its family, or follows
the arm that a run builds on (its *base*), as all arms with made images do: what differs then is what they draw.
A new arm is a row here and, where it makes images of a new kind, a function in
augment/evaluation/arms/baselines.py. docs/arms.md shows this table to people.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Literal, get_args

from augment.params.arm_row import ArmKind, ArmRow, Augmentation, Family, Source
from augment.params.table_arms import ROW_FAMILIES, SMOTE_SOURCES, TABLE_ONLY_ROWS, TABLE_ORDER

BACKBONE_FROM_PX = 16  # a shorter side: smaller images show a pretrained backbone nothing
MADE_PER_CLASS = 400  # made images of a class that a backbone looks at, each once, and of the judged size in files
BASELINE_ARM = "none"  # real images as they are
BALANCED_ARM = "oversample"  # the same, classes balanced
DEFAULT_GAN_ARM = "gan_half_filtered"  # the one way to use GAN images that may be chosen; fixed before any result
UNTRANSLATED_ARM = "untranslated_half"  # runs where classes may be translated
CONTROL_ARM = "copies_half"  # jittered real images used exactly as DEFAULT_GAN_ARM uses GAN images
UNMATCHED_ARM = "gan_half_unmatched"  # the same without law (a): images of classes without samples stay as they are
DELIVERED_ARM = "as_delivered"
PROBE_ARM, FINETUNE_ARM, TAUGHT_ARM, DISTANCE_ARM = "probe", "finetune", "distilled", "normal_distance"
REQUIRED_ARMS = (BASELINE_ARM, DEFAULT_GAN_ARM, CONTROL_ARM)  # by the verdict
FIRST_LOOK_SEEDS = 3  # at most
FIRST_LOOK_ARMS = (  # what must be beaten before anything else, the cheap ones of the strongest, and what is delivered
    BASELINE_ARM, BALANCED_ARM, "randaugment", PROBE_ARM, "logit_adjusted", DEFAULT_GAN_ARM, CONTROL_ARM, DELIVERED_ARM,
)  # fmt: skip

ARM_ROWS = (  # of images; `table_arms.py` has those of tables
    ArmRow(BASELINE_ARM, "real", None, "uniform", "Real images as they are", augmentation=None, default=True,
           spoken="real images as they are"),
    ArmRow(BALANCED_ARM, "real", None, "balanced", "Real images, classes balanced", augmentation=None, default=True,
           spoken="real images with classes balanced"),
    ArmRow("class_weights", "real", None, "weighted loss", "Real images, rare classes count more",
           spoken="real images of which rare classes count more"),
    ArmRow("logit_adjusted", "real", None, "adjusted", "Real images, scores corrected for rare classes", default=True,
           spoken="real images with scores corrected for rare classes"),
    ArmRow("classical", "real", None, "balanced", "Real images, classically augmented",
           "scratch", "classical", base=True, default=True,
           spoken="a network from scratch with classical augmentation"),
    ArmRow("randaugment", "real", None, "balanced", "Real images, randomly augmented",
           "scratch", "randaugment", base=True, default=True,
           spoken="a network from scratch with random augmentation"),
    ArmRow("mixup_cutmix", "real", None, "balanced", "Real images, blended across classes",
           "scratch", "mixup_cutmix", base=True, default=True,
           spoken="a network from scratch with images blended across classes"),
    ArmRow("trivialaugment", "real", None, "balanced", "Real images, one random change each",
           "scratch", "trivialaugment", base=True,
           spoken="a network from scratch with one random change to each image"),
    ArmRow("label_smoothing", "real", None, "smoothed", "Real images, soft labels", "scratch", "randaugment",
           spoken="a network from scratch with soft labels"),
    ArmRow(PROBE_ARM, "real", None, "balanced", "Real images, pretrained backbone frozen",
           "probe", "randaugment", base=True, default=True,
           spoken="a frozen pretrained backbone with random augmentation"),
    ArmRow(FINETUNE_ARM, "real", None, "balanced", "Real images, pretrained backbone fine-tuned",
           "finetune", "randaugment", base=True, default=True,
           spoken="a fine-tuned pretrained backbone with random augmentation"),
    ArmRow(DISTANCE_ARM, "real", None, "distances", "Distance to normal images", "probe", "randaugment",
           spoken="the distance to normal images"),
    ArmRow(TAUGHT_ARM, "real", None, "taught", "Real images, taught by the frozen backbone", "scratch", "randaugment",
           spoken="a network from scratch taught by the frozen backbone"),
    ArmRow("smote", "real", "smote", "fill", "SMOTE fills small classes up",
           spoken="SMOTE that fills small classes up"),
    ArmRow("smote_half", "real", "smote", "half", "Half SMOTE in small classes",
           spoken="SMOTE as half of small classes"),
    ArmRow("mixup_within", "real", "mixes", "fill", "Blends fill small classes up",
           spoken="blends that fill small classes up"),
    ArmRow("mixup_within_half", "real", "mixes", "half", "Half blends in small classes",
           spoken="blends as half of small classes"),
    ArmRow("cmo", "real", "pasted", "half", "Rare images pasted on frequent ones", default=True,
           spoken="rare images pasted on frequent ones"),
    ArmRow("gan_fill", "gan", "raw", "fill", "Synthetic fill small classes up", default=True,
           spoken="GAN images that fill small classes up"),
    ArmRow("gan_half", "gan", "raw", "half", "Half synthetic in small classes", matched=True, default=True,
           spoken="GAN images without the filter"),
    ArmRow(DEFAULT_GAN_ARM, "gan", "filtered", "half", "Half synthetic, filtered", matched=True, default=True,
           spoken="the GAN images"),
    ArmRow(UNMATCHED_ARM, "gan", "filtered", "half", "Half synthetic, filtered, other classes untouched", default=True,
           spoken="the GAN images, with images of other classes as they are"),
    ArmRow("gan_pretrain", "gan", "raw", "first", "Synthetic first, then real",
           spoken="GAN images first, then real ones"),
    ArmRow("gan_only", "gan", "raw", "only", "Synthetic images alone", spoken="GAN images alone"),
    ArmRow("distilled_gan", "gan", "filtered", "taught", "Real and synthetic, taught by the frozen backbone",
           "scratch", "randaugment", spoken="real and GAN images taught by the frozen backbone"),
    ArmRow(CONTROL_ARM, "control", "copies", "half", "Half jittered copies instead", default=True,
           spoken="jittered copies used the same way"),
    ArmRow("shuffled", "control", "shuffled", "half", "Half synthetic under wrong labels",
           spoken="the samples under wrong labels"),
    ArmRow("noise", "control", "noise", "half", "Half noise instead", spoken="plain noise used the same way"),
    ArmRow(UNTRANSLATED_ARM, "control", "untranslated", "half", "Half good images under the labels of defects",
           spoken="good images without defects used the same way"),
    ArmRow(DELIVERED_ARM, "delivered", None, "delivered", "Plain training on data/augmented",
           augmentation=None, default=True, spoken="plain training on data/augmented"),
)  # fmt: skip
ROW_OF = {row.name: row for row in (*ARM_ROWS, *TABLE_ONLY_ROWS)}
FAMILY_WORDS: dict[Family, str] = {  # within sentences
    "logistic": "logistic regression",
    "shrinkage_lda": "shrunk linear discriminants",
    "gradient_boosting": "gradient boosting",
    "scratch": "networks from scratch",
    "probe": "a frozen pretrained backbone",
    "finetune": "a fine-tuned pretrained backbone",
}
SOURCES = tuple(source for source in get_args(Source) if any(row.source == source for row in ARM_ROWS))
AUGMENTATIONS = get_args(Augmentation)
ARMS = tuple(row.name for row in ARM_ROWS)
REAL_ARMS, GAN_ARMS, CONTROL_ARMS = (
    tuple(row.name for row in ARM_ROWS if row.kind == kind) for kind in ("real", "gan", "control")
)
DEFAULT_ARMS = tuple(row.name for row in ARM_ROWS if row.default)
BASE_ARMS = tuple(row.name for row in ARM_ROWS if row.base)
BASE_AUGMENTATIONS = tuple(row.name for row in ARM_ROWS if row.base and row.family == "scratch")
BACKBONE_ARMS = tuple(  # a backbone sees their images
    row.name for row in ARM_ROWS if row.family in ("probe", "finetune") or row.use == "taught"
)
STANDALONE_ARMS = tuple(  # real images, no other arm below
    row.name for row in ARM_ROWS if row.kind == "real" and not row.source and row.family != "base"
)
UNAUGMENTED_ARMS = tuple(  # they show real images as they are
    row.name for row in ARM_ROWS if row.kind == "real" and row.augmentation is None and row.trains_plainly
)
ARMS_DIFFERING_IN_IMAGES = tuple(  # for a classifier that augments nothing, at the working size
    row.name for row in ARM_ROWS if not row.base and row.trains_plainly and row.name != UNMATCHED_ARM
)

TABLE_ARMS = TABLE_ORDER
TABLE_BASE_ARMS = tuple(row.name for row in TABLE_ONLY_ROWS if row.base)
SMOTE_ARMS = tuple(row.name for row in ROW_OF.values() if row.source in SMOTE_SOURCES)  # need imbalanced-learn

if TYPE_CHECKING:  # mypy reads no table: there an arm is a text, and pydantic sees to it that it is one of these
    Arm = str
    BaseAugmentation = str
else:
    Arm = Literal[tuple(ROW_OF)]
    BaseAugmentation = Literal[BASE_AUGMENTATIONS]  # of `evaluate.augmentation`


def family_of(arm: Arm, base: Arm | None) -> Family:
    """The classifier that learns what an arm draws; base: the arm that others build on, None for none."""
    family = ROW_OF[arm].family
    if family != "base":
        return family
    return family_of(base, None) if base else "scratch"


def augmentation_of(arm: Arm, base: Arm | None) -> Augmentation | None:
    """How an arm augments what it draws; base: as in `family_of`."""
    augmentation = ROW_OF[arm].augmentation
    if augmentation != "base":
        return augmentation
    return augmentation_of(base, None) if base else None


def arms_of_family(arms: Collection[Arm], classifier: str) -> set[Arm]:
    """Without the arms of other families than the one that `evaluate.classifier` fixes; a probe stays beside networks
    from scratch, as a reference."""
    kept = {"auto": {"scratch", "probe", "finetune"}, "scratch": {"scratch", PROBE_ARM}}.get(classifier, {classifier})
    return {arm for arm in arms if ROW_OF[arm].family == "base" or {ROW_OF[arm].family, arm} & kept}


def arm_kinds(arms: Iterable[Arm], classifier: str = "auto") -> dict[Arm, ArmKind]:
    """Kind of each arm. classifier: `evaluate.classifier`; real-only arms of another family than the one that it fixes
    are references."""
    return {arm: "reference" if _of_another_family(arm, classifier) else ROW_OF[arm].kind for arm in arms}


def _of_another_family(arm: Arm, classifier: str) -> bool:
    row = ROW_OF[arm]
    return row.kind == "real" and classifier != "auto" and row.family not in ("base", classifier)


IMAGE_FAMILIES = tuple(family for family in FAMILY_WORDS if family not in ROW_FAMILIES)


def misfit(arms: Collection[Arm] | str, classifier: str, source: str, of_rows: bool) -> str:
    """Why arms and a classifier are none of this source, for people; empty where they are. Arms of images are none of
    tables, and the other way round; made rows are added to a classifier that learns from real rows alone."""
    known, families = (TABLE_ARMS, ROW_FAMILIES) if of_rows else (ARMS, IMAGE_FAMILIES)
    named = [] if isinstance(arms, str) else list(arms)
    if strange := [arm for arm in named if arm not in known]:
        return (
            f"evaluate.arms: {', '.join(strange)} cannot run where ingest.source is {source}; there are "
            f"{', '.join(known)}"
        )
    if classifier not in ("auto", *families):
        return (
            f"evaluate.classifier {classifier} cannot learn from ingest.source {source}; allowed are auto, "
            f"{', '.join(families)}"
        )
    bases = ROW_FAMILIES if classifier == "auto" else (classifier,)
    if of_rows and named and not {*bases} & {*named}:
        which = "one of " * (len(bases) > 1) + ", ".join(bases)
        return f"evaluate.arms: it needs {which}, which made rows are added to"
    return ""
