"""Arms that come to the same: where classes are equally large nothing is left to balance or to fill up.

Such an arm draws the very images of another, equally often and augmented alike, with the same seeds, so its classifiers
would be the same to the last bit, and are not trained again.
"""

from collections.abc import Sequence

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Samples, arm_data, augmentation_of
from augment.params import Arm, Base

OWN_WAY: tuple[Arm, ...] = ("class_weights", "gan_pretrain", "pretrained", "as_delivered")  # of learning from images


def twins(arms: Sequence[Arm], sets: Sequence[ImageSet], samples: Sequence[Samples], base: Base) -> dict[Arm, Arm]:
    """Each arm that comes to the same as an earlier one in every repeat, and that one.

    sets, samples: the training and the made images of each repeat.
    """
    first: dict[tuple[object, ...], Arm] = {}
    found: dict[Arm, Arm] = {}
    for arm in arms:
        chances = [] if arm in OWN_WAY else _chances(arm, sets, samples)
        if not chances:
            continue
        key = (augmentation_of(arm, base), *chances)
        if key in first:
            found[arm] = first[key]
        else:
            first[key] = arm
    return found


def _chances(arm: Arm, sets: Sequence[ImageSet], samples: Sequence[Samples]) -> list[bytes]:
    """How often each training image is drawn in each repeat; nothing where an arm draws others too."""
    chances = []
    for train, own in zip(sets, samples, strict=True):
        data = arm_data(arm, train, own)
        if len(data.images) > len(train):
            return []
        chances.append(data.chances.tobytes())
    return chances
