"""Identical arms: where classes are equally large nothing is left to balance or to fill up.

Such an arm draws the very images of another, equally often and augmented alike, with the same seeds, so its classifiers
would be the same to the last bit, and are not trained again.
"""

from collections.abc import Sequence

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Samples, arm_data, augmentation_of
from augment.params import Arm, BaseAugmentation

OWN_TRAINING_ARMS: tuple[Arm, ...] = (
    "class_weights",
    "gan_pretrain",
    "pretrained",
    "as_delivered",
)  # of learning from images


def identical_arms(
    arms: Sequence[Arm], sets: Sequence[ImageSet], samples: Sequence[Samples], base_augmentation: BaseAugmentation
) -> dict[Arm, Arm]:
    """Each arm that comes to the same as an earlier one in every repeat, and that one.

    sets, samples: the training and the made images of each repeat.
    """
    first: dict[tuple[object, ...], Arm] = {}
    identical: dict[Arm, Arm] = {}
    for arm in arms:
        sampling_weights = [] if arm in OWN_TRAINING_ARMS else _sampling_weights(arm, sets, samples)
        if not sampling_weights:
            continue
        key = (augmentation_of(arm, base_augmentation), *sampling_weights)
        if key in first:
            identical[arm] = first[key]
        else:
            first[key] = arm
    return identical


def _sampling_weights(arm: Arm, sets: Sequence[ImageSet], samples: Sequence[Samples]) -> list[bytes]:
    """How often each training image is drawn in each repeat; nothing where an arm draws others too."""
    sampling_weights = []
    for train, own in zip(sets, samples, strict=True):
        data = arm_data(arm, train, own)
        if len(data.images) > len(train):
            return []
        sampling_weights.append(data.sampling_weights.tobytes())
    return sampling_weights
