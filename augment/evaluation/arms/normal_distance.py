"""The arm `normal_distance`: how far an image is from all normal ones, patch by patch, and a probe for the rest.

PatchCore's idea (Roth et al. 2022, arXiv:2106.08265): whatever looks at some place like no normal image does is an
alarm. It learns from normal images alone, so it asks for no defective ones; these only say how large a distance is
much, and which defect it is.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from augment.core.engine import SharedArray
from augment.core.seeds import numpy_rng
from augment.data.imageset import ImageSet
from augment.evaluation.arms.backbone_arms import BackboneFit
from augment.evaluation.arms.probe import balanced_weights, fit_probe
from augment.evaluation.arms.seen import Rows, SeenImages
from augment.measure.logistic import fit_logistic, logistic_probabilities

NEIGHBOURHOOD = 3  # places a side, over which a patch is averaged (section 3.1 of the paper)
BANK_PATCHES = 8192  # of normal images, drawn at random where there are more: the paper's greedy choice is no better
STRENGTH_OF_DISTANCE = 1.0  # scikit-learn's C, for the one number that an image has
CHUNK_PATCHES = 2048  # compared with the bank in one go
Patches = NDArray[np.float32]  # (images, places, channels)


@dataclass(frozen=True)
class DistanceFit:
    """probe: what a probe of real images learns from and is asked about; activations: of the same rows

    plain, targets, groups: of the training images as they are; normal: the class without a finding
    """

    probe: BackboneFit
    activations: SharedArray
    plain: Rows
    targets: NDArray[np.int64]
    groups: NDArray[np.str_]
    normal: int


def distance_fit(probe: BackboneFit, train: ImageSet, seen: SeenImages, normal: str) -> DistanceFit:
    """probe: of real images, on the training images `train`."""
    targets, plain = train.targets(train.classes), seen.plain(train.images)
    return DistanceFit(probe, seen.activations, plain, targets, train.groups, train.classes.index(normal))


def run_distance_fit(fit: DistanceFit) -> NDArray[np.float64]:
    """Class probabilities float64 (N, classes) of the images that it is asked about.

    That of the normal class is a logistic regression on the distance, classes weighing alike; the others share the rest
    as a probe that knows them alone divides it.
    """
    patches = patches_of(fit.activations.array[fit.plain])
    is_normal = fit.targets == fit.normal
    bank = patch_bank(patches[is_normal], apart(fit.groups[is_normal]), fit.probe.seed)
    distances = np.empty(len(patches), dtype=np.float32)
    distances[is_normal] = distances_to(bank, patches[is_normal], apart(fit.groups[is_normal]))
    distances[~is_normal] = distances_to(bank, patches[~is_normal])
    asked = distances_to(bank, patches_of(fit.activations.array[fit.probe.scored]))
    normality = normal_probabilities(distances, is_normal, asked)
    return divided(normality, _others(fit), fit.normal)


def patches_of(activations: NDArray[np.floating]) -> Patches:
    """float (N, C, h, w) -> float32 (N, h * w, C), each place averaged with those around it, as far as there are any.

    Tokens of a transformer (N, T, C) are patches as they are, and features of a network that does not come apart, (N,
    C), are one.
    """
    seen = activations.astype(np.float32)
    if seen.ndim < 4:
        return seen if seen.ndim == 3 else seen[:, None]
    around = F.avg_pool2d(torch.from_numpy(seen), NEIGHBOURHOOD, 1, NEIGHBOURHOOD // 2, count_include_pad=False)
    return np.ascontiguousarray(around.flatten(2).transpose(1, 2).numpy())


@dataclass(frozen=True)
class Bank:
    """patches float32 (M, C) of normal images, and who each is of (M,): an image is compared with those of others."""

    patches: NDArray[np.float32]
    owners: NDArray[np.int64]


def apart(groups: NDArray[np.str_]) -> NDArray[np.int64]:
    """Owners (N,) of normal images: their groups, or where all are of one group each image by itself."""
    names, owners = np.unique(groups, return_inverse=True)
    return owners.astype(np.int64) if len(names) > 1 else np.arange(len(groups))


def patch_bank(patches: Patches, owners: NDArray[np.int64], seed: int) -> Bank:
    """The patches of normal images (N, places, C) with these owners, or so many of them as a bank holds."""
    flat, of_patch = patches.reshape(-1, patches.shape[2]), np.repeat(owners, patches.shape[1])
    if len(flat) > BANK_PATCHES:
        kept = np.sort(numpy_rng(seed, "bank").choice(len(flat), BANK_PATCHES, replace=False))
        flat, of_patch = flat[kept], of_patch[kept]
    return Bank(flat, of_patch)


def distances_to(bank: Bank, patches: Patches, owners: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
    """Of each image (N, places, C) the largest distance of a patch to the nearest one of the bank, float32 (N,).

    owners: (N,) of images that are in the bank, and are compared with those of other owners. The paper's equations 5
    and 6, without the weights of 7. A bank that has no other owner gives 0.
    """
    count, places, channels = patches.shape
    flat, of_bank = torch.from_numpy(patches.reshape(-1, channels)), torch.from_numpy(bank.patches)
    nearest = []
    for at in range(0, len(flat), CHUNK_PATCHES):
        distances = torch.cdist(flat[at : at + CHUNK_PATCHES], of_bank)
        if owners is not None:
            own = np.repeat(owners, places)[at : at + CHUNK_PATCHES, None] == bank.owners
            distances[torch.from_numpy(own)] = torch.inf
        nearest.append(distances.amin(dim=1))
    found = torch.cat([flat.new_zeros(0), *nearest]).reshape(count, places).amax(dim=1)
    return np.asarray(torch.where(found.isinf(), 0, found))


def normal_probabilities(
    distances: NDArray[np.float32], is_normal: NDArray[np.bool_], asked: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How probable it is that images at the distances `asked` are normal, float64 (N,), classes balanced.

    distances, is_normal: (M,), of training images. With normal ones alone all are normal.
    """
    targets = is_normal.astype(np.int64)
    weights = balanced_weights(targets, len(targets))
    model = fit_logistic(distances[:, None], targets, weights, STRENGTH_OF_DISTANCE)
    return logistic_probabilities(model, asked[:, None], 2)[:, 1]


def divided(normality: NDArray[np.float64], others: NDArray[np.float64], normal: int) -> NDArray[np.float64]:
    """Class probabilities (N, classes): `normality` for the normal class; others, (N, classes), divide the rest."""
    scores = others * (1 - normality)[:, None]
    scores[:, normal] = normality
    return scores


def _others(fit: DistanceFit) -> NDArray[np.float64]:
    """What a probe that has seen no normal image says, (N, classes), 0 for normal."""
    probe = fit.probe
    targets, weights = probe.real
    weights = np.where(targets == fit.normal, 0.0, weights)
    features, images = probe.seen.array, int((fit.targets != fit.normal).sum())
    model = fit_probe(features[probe.rows], targets, weights, probe.strength, images)
    return logistic_probabilities(model, features[probe.scored], probe.classes)
