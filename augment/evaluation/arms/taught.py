"""The arms `distilled` and `distilled_gan`: a network from scratch that the frozen backbone's probe teaches.

The teacher says of every image of a pool how much it resembles each class (Hinton et al. 2015, arXiv:1503.02531); the
network learns that from images that need no label of their own: augmented real ones, blends across classes and, for
`distilled_gan`, generated ones. It is trained for as many steps as any other network from scratch, and true labels
reach it through the teacher alone: half a batch of them took most of the gain away.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng, torch_rng
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.backbone_arms import BackboneFit
from augment.evaluation.arms.probe import fit_probe
from augment.evaluation.arms.scratch import ScratchFit
from augment.evaluation.arms.seen import augmented_once
from augment.measure.augmentations import classical_augmentation, mixup_or_cutmix
from augment.measure.backbone.backbone import features, load_backbone
from augment.measure.classifiers import Batch, SmallCnn, fit_classifier
from augment.measure.logistic import LogisticModel, logistic_probabilities
from augment.measure.sampling import class_balanced
from augment.params.arms import MADE_PER_CLASS

TEMPERATURE = 2.0
VIEWS, BLENDS = 2500, 2500  # of real images in the pool; three times as many gain nothing
BLENDED_TOGETHER = 8  # images that share a way and a share of blending


@dataclass(frozen=True)
class TaughtFit:
    """One network to train; teacher: what a probe of the same real images learns from."""

    student: ScratchFit
    teacher: BackboneFit


def fit_taught(job: TaughtFit) -> SmallCnn:
    """Fit the teacher, let it label the pool, and train the network on that. The seed of the student fixes the pool,
    initial weights and order."""
    own, classes = job.student, len(job.student.train.classes)
    images = pool_images(own.train, own.samples.of_arm(own.arm), own.flips, derive_seed(own.seed, "pool"))
    labels = soft_labels(fit_teacher(job.teacher), features(load_backbone(job.teacher.look.backbone), images), classes)
    batch, augment = pool_batches(images, labels, own.batch_size), classical_augmentation(own.flips)
    shape = (*own.train.images.shape[1:],)
    return fit_classifier(batch, shape, classes, own.fit, augment, derive_seed(own.seed, "arm"))


def fit_teacher(probe: BackboneFit) -> LogisticModel:
    targets, weights = probe.real
    return fit_probe(probe.seen.array[probe.rows], targets, weights, probe.strength, probe.images)


def soft_labels(teacher: LogisticModel, seen: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Softmax of the teacher's logits over the temperature (Hinton et al. 2015, equation 1), float32 (N, classes)."""
    raised = logistic_probabilities(teacher, seen, classes) ** (1 / TEMPERATURE)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def pool_images(train: ImageSet, made: Mapping[str, UInt8], flips: str, seed: int) -> UInt8:
    """What the teacher is asked about, uint8 (N, C, H, W): augmented real images, classes balanced, blends of others of
    them, and the first made images of each class, augmented too."""
    real = class_balanced(train.images, train.targets(train.classes))
    drawn = numpy_rng(seed, "drawn").choice(len(train), VIEWS + BLENDS, p=real.sampling_weights)
    shown = [train.images[drawn], *(images[:MADE_PER_CLASS] for images in made.values())]
    views = augmented_once(np.concatenate(shown), flips, derive_seed(seed, "views"))
    views[VIEWS : VIEWS + BLENDS] = blended(views[VIEWS : VIEWS + BLENDS], seed)
    return views


def blended(images: UInt8, seed: int) -> UInt8:
    """Mixup or CutMix of so few images at a time, uint8 (N, C, H, W); what they show is for the teacher to say."""
    blend, rng = mixup_or_cutmix(1), torch_rng(seed, "blends")
    no_label = torch.zeros(BLENDED_TOGETHER, dtype=torch.int64)
    parts = torch.split(torch.from_numpy(images).float(), BLENDED_TOGETHER)
    mixed = [blend(part, no_label[: len(part)], rng)[0] for part in parts]
    return np.asarray(torch.cat(mixed).round().to(torch.uint8))


def pool_batches(images: UInt8, labels: NDArray[np.float32], size: int) -> Batch:
    """A function that draws `size` images, each equally often, and their soft labels."""
    all_images, all_labels = torch.from_numpy(images), torch.from_numpy(labels)

    def batch(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        chosen = torch.randint(len(all_images), (size,), generator=rng)
        return all_images[chosen], all_labels[chosen]

    return batch
