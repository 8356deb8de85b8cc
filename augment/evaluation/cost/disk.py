"""How many bytes a run will write, from its settings alone and before anything trains; a rough figure."""

from collections.abc import Mapping
from pathlib import Path

import torch

from augment.core.files import SEEN_STORE, WORK_STORE
from augment.core.processes import cores
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_discriminator, new_generator
from augment.params import Params
from augment.params.arms import BACKBONE_ARMS, BACKBONE_FROM_PX
from augment.project.disk_space import Need
from augment.project.dvc_cache import cache_folder
from augment.project.work_store import survey

Shape = tuple[int, int, int]

BLOCK = 4096  # bytes: what a small file takes on most disks
BESIDE_WEIGHTS = 16_000  # bytes of a bundle or a finished GAN: names, curve, manifest
BESIDE_PIXELS = 100  # bytes of a PNG; its pixels are counted uncompressed, as those of noise are
ROW = 130  # bytes of a manifest's row
GRID_SAMPLES = 64
FEATURE_BYTES, ACTIVATION_BYTES = 5120, 224  # of a picture that the backbone saw; the latter for each place
VIEWS_PER_CLASS, MIN_VIEWS, MAX_VIEWS = 500, 4, 60  # of a training image, as the arms look at it
SECOND_CLASSIFIER = 2  # times the scores, at most
FOLDS = 25  # repeats of `repeated` where no disjoint sets can be cut, at most


def gan_needs(shape: Shape, counts: Mapping[str, int], params: Params, at_once: int, delivered: bool) -> list[Need]:
    """What training writes: checkpoints, finished GANs, and where the delivered ones are still to come, models/.

    shape: (C, H, W); counts: training images of each class; at_once: GANs that train side by side. Finished GANs of
    the work store count as done.
    """
    train = params.train
    architecture = Architecture(train.network, *shape, train.latent, train.width)
    with torch.device("meta"):
        generator, discriminator = (
            sum(4 * weight.numel() for weight in network.parameters())
            for network in (new_generator(architecture), new_discriminator(architecture))
        )
    of_set = len(counts) + (train.transfer == "shared")
    sets = repeats(params) + (delivered and params.evaluate.protocol == "repeated")  # else it is one of the repeats
    stored = _files(of_set * sets, generator + BESIDE_WEIGHTS)
    done = sum(gan.size for gan in survey(WORK_STORE) if gan.finished)
    checkpoints = _files(2 * at_once, 4 * generator + 3 * discriminator)  # weights, average, two moments, twice
    needs = [Need(WORK_STORE, max(stored - done, 0) + checkpoints, "checkpoints and finished GANs")]
    bundles = _files(of_set, generator + BESIDE_WEIGHTS) + _files(of_set, GRID_SAMPLES * _pixels(shape))
    return [*needs, *(_kept_twice(Path("models"), bundles, "generators") if delivered else [])]


def sample_needs(shape: Shape, counts: Mapping[str, int], params: Params) -> list[Need]:
    """data/synthetic, and data/augmented with its real training images."""
    wanted = params.generate.samples_of_each(len(counts), *shape)
    rows = len(counts) * wanted * params.generate.oversample * ROW
    samples, real = _files(len(counts) * wanted, _pixels(shape)), _files(sum(counts.values()), _pixels(shape))
    return [
        *_kept_twice(Path("data/synthetic"), samples + rows, "samples"),
        *_kept_twice(Path("data/augmented"), samples + real, "images to train on"),
    ]


def score_needs(shape: Shape, counts: Mapping[str, int], scored: int, params: Params) -> list[Need]:
    """data/experiment, and what the backbone sees. scored: images of val and test."""
    sees = min(shape[1:]) >= BACKBONE_FROM_PX
    arms = [arm for arm in params.evaluate.arm_names if sees or arm not in BACKBONE_ARMS]
    scores = 4 * (1 + len(arms)) * repeats(params) * scored * len(counts)  # float32; one arm more as delivered
    needs = _kept_twice(Path("data/experiment"), SECOND_CLASSIFIER * scores, "scores")
    if not sees or set(arms).isdisjoint(BACKBONE_ARMS):
        return needs
    looks = [count * (1 + min(MAX_VIEWS, max(MIN_VIEWS, VIEWS_PER_CLASS // count))) for count in counts.values()]
    size = FEATURE_BYTES + ACTIVATION_BYTES * max(6, max(shape[1:]) // 18) ** 2
    return [*needs, Need(SEEN_STORE, (sum(looks) + scored) * size, "what the backbone sees")]


def whole_run(shape: Shape, sides: Mapping[str, int], counts: Mapping[str, int], params: Params) -> list[Need]:
    """Of every stage; sides: images of train, val, test and pool."""
    prepared = sum(sides.values()) * (_pixels(shape) + ROW)
    return [
        *_kept_twice(Path("data/prepared"), prepared, "prepared images"),
        *gan_needs(shape, counts, params, cores(), True),
        *sample_needs(shape, counts, params),
        *score_needs(shape, counts, sides.get("val", 0) + sides.get("test", 0), params),
    ]


def repeats(params: Params) -> int:
    return params.evaluate.seeds if params.evaluate.protocol == "holdout" else max(params.evaluate.repeats, FOLDS)


def _kept_twice(folder: Path, size: int, what: str) -> list[Need]:
    """An output, and DVC's copy of it where a DVC looks after this folder."""
    needs = [Need(folder, size, what)]
    return [*needs, Need(cache_folder(Path()), size, f"DVC's copy of {folder}")] if Path(".dvc").is_dir() else needs


def _pixels(shape: Shape) -> int:
    return shape[0] * shape[1] * shape[2] + BESIDE_PIXELS


def _files(number: int, size: int) -> int:
    """Bytes on a disk of so many files of one size."""
    return number * -(-size // BLOCK) * BLOCK
