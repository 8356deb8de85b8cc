"""What is equal for all arms and repeats of an experiment, out of params.yaml and the images."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from augment.core.errors import ParamsError
from augment.data.entries import Entry
from augment.data.findings import size_text
from augment.data.imageset import ImageSet
from augment.data.sizes import Size, capped, delivered_size, native_size, same_aspect
from augment.evaluation.arms.judged import JudgedImages
from augment.evaluation.arms.seen import Look
from augment.measure.backbone.backbone import comes_apart, is_available
from augment.measure.backbone.lite0 import require_weights
from augment.measure.classifiers import FitSettings
from augment.params import Evaluate, Params
from augment.params.arms import (
    ARMS,
    BACKBONE_ARMS,
    BACKBONE_FROM_PX,
    FINETUNE_ARM,
    PROBE_ARM,
    ROW_OF,
    UNMATCHED_ARM,
    UNTRANSLATED_ARM,
    Arm,
    family_of,
)
from augment.params.types import LARGE_FROM_PX
from augment.synthesis.filter import FilterSettings, filter_settings
from augment.synthesis.selection import samples_per_class
from augment.synthesis.transplant.settings import NO_TRANSPLANT, TransplantSettings, transplant_settings

CLASSIFIER_STEPS, TINY_CLASSIFIER_STEPS = 1200, 400


@dataclass(frozen=True)
class ExperimentSettings:
    """base: the arm that those with made images build on, None where none can; look: how a backbone sees images;
    normal: the class without a finding, None for none; seen_size: (H, W) at which a backbone sees images, None: as they
    are."""

    arms: Sequence[Arm]
    wanted: int  # synthetic images per class
    oversample: int
    filter: FilterSettings
    fit: FitSettings  # of a network from scratch
    batch_size: int
    flips: str
    look: Look
    transfer_share: float = 0.0  # share of the candidates
    base: Arm | None = "classical"
    normal: str | None = None
    transplant: TransplantSettings = NO_TRANSPLANT
    seen_size: Size | None = None


def arms_for(chosen: Evaluate, height: int, width: int) -> tuple[Arm, ...]:
    """The arms that run on such images: without those that need a backbone where images are small, or no backbone is
    installed, and without fine-tuning where it does not come apart. Raises `ParamsError` where the settings insist on
    them."""
    insisted = [arm for arm in BACKBONE_ARMS if not isinstance(chosen.arms, str) and arm in chosen.arms]
    insisted += [chosen.classifier] if chosen.classifier in ("probe", "finetune") else []
    if min(height, width) >= BACKBONE_FROM_PX and is_available(chosen.backbone):
        if FINETUNE_ARM not in chosen.arm_names or comes_apart(chosen.backbone):
            return chosen.arm_names
        if FINETUNE_ARM in insisted:
            raise ParamsError(
                f"params.yaml: evaluate: {FINETUNE_ARM} cannot train the network of evaluate.backbone: there is no "
                f"place near its end that one value alone passes, to cut it at; remove it, or use {PROBE_ARM}"
            )
        return tuple(arm for arm in chosen.arm_names if arm != FINETUNE_ARM)
    if not insisted:
        return tuple(arm for arm in chosen.arm_names if arm not in (*BACKBONE_ARMS, UNMATCHED_ARM))
    if min(height, width) >= BACKBONE_FROM_PX:
        require_weights(f"params.yaml: evaluate: {insisted[0]}")
    raise ParamsError(
        f"params.yaml: evaluate: {insisted[0]} needs images of {BACKBONE_FROM_PX} px and more, and these have {height}x"
        f"{width}; remove it, or set ingest.size to {BACKBONE_FROM_PX} or more where the images are larger"
    )


def with_base(settings: ExperimentSettings, base: Arm | None) -> ExperimentSettings:
    """Made images are added to this arm. Logistic regression knows no first half of its steps, and where images are
    shown at the size that GANs work at, an arm has nothing to match."""
    arms = [arm for arm in settings.arms if ROW_OF[arm].use != "first" or family_of(arm, base) != "probe"]
    if settings.seen_size is None or family_of(UNMATCHED_ARM, base) == "scratch":
        arms = [arm for arm in arms if arm != UNMATCHED_ARM]
    return replace(settings, base=base, arms=arms)


def judged_size_of(params: Params, working: Size, native: Size) -> Size:
    """The size at which classifiers on a backbone see images: that which is delivered, as far as they look. Networks
    from scratch alone (`evaluate.classifier: scratch`) see the working size, and so does what is beside them.

    Raises `ParamsError` where `assemble.size` would show another part of each image than GANs see.
    """
    most = params.evaluate.backbone_side
    delivered = delivered_size(params.assemble.size, native, working, most)
    if params.ingest.fit != "stretch" and not same_aspect(delivered, working):
        asked, example = size_text(delivered), list(capped(native, working, most))
        raise ParamsError(
            f"params.yaml: assemble.size: {asked} has another aspect than the {size_text(working)} of the GANs, and "
            f"with ingest.fit: {params.ingest.fit} would show another part of each image; write a size of that aspect, "
            f"such as {example}, or `auto`, or set ingest.fit: stretch"
        )
    judges = is_available(params.evaluate.backbone) and params.backbone_judges(params.evaluate.arm_names)
    return capped(delivered, working, most) if judges else working


def seen_size_of(images: Sequence[Entry], working: Size, params: Params) -> Size:
    """The same, of usable images before ingest has written them."""
    sizes = Counter(one.size or working for one in images)
    return judged_size_of(params, working, native_size(sizes, working)) if sizes else working


def experiment_settings(
    params: Params,
    arms: Sequence[Arm],
    train: ImageSet,
    seen_size: Size | None = None,
    judged: JudgedImages | None = None,
) -> ExperimentSettings:
    """What is equal for all arms and repeats, of which each has a training set like this one.

    seen_size, judged: what backbones are shown, None where that is the working size, or not known yet.
    """
    transplant = transplant_settings(params)
    controlled = transplant.may_apply(train)  # else there is nothing that good images would be a control of
    arms = [arm for arm in ARMS if (controlled if arm == UNTRANSLATED_ARM else arm in arms)]
    return ExperimentSettings(
        arms=arms,
        transplant=transplant,
        wanted=samples_per_class(params.generate, train),
        oversample=params.generate.oversample,
        filter=filter_settings(params),
        fit=FitSettings(classifier_steps(params.evaluate, *train.images.shape[2:]), params.evaluate.learning_rate),
        batch_size=params.evaluate.batch_size,
        flips=params.ingest.flips,
        transfer_share=params.generate.borrowed,
        base=next(iter(params.evaluate.base_arms(arms)), None),
        normal=params.evaluate.normal,
        look=Look(params.evaluate.backbone, params.ingest.flips, params.seed, judged),
        seen_size=None if seen_size == train.images.shape[2:] else seen_size,
    )


def classifier_steps(settings: Evaluate, height: int, width: int) -> int:
    """Steps of one classifier. With too few of them real images alone look better than they are beside more images."""
    if settings.steps != "auto":
        return settings.steps
    return CLASSIFIER_STEPS if min(height, width) >= LARGE_FROM_PX else TINY_CLASSIFIER_STEPS
