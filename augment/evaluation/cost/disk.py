"""How many bytes GANs and samples will take, from the settings alone and before anything trains; a rough figure."""

from collections.abc import Mapping
from pathlib import Path

import torch

from augment.core.files import WORK_STORE
from augment.data.sizes import Size, delivered_size
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_discriminator, new_generator
from augment.params import Params
from augment.params.arms import MADE_PER_CLASS
from augment.project.disk_space import Need
from augment.project.dvc_cache import cache_folder
from augment.project.work_store import survey

Shape = tuple[int, int, int]

BLOCK = 4096  # bytes: what a small file takes on most disks
BESIDE_WEIGHTS = 16_000  # bytes of a bundle or a finished GAN: names, curve, manifest
BESIDE_PIXELS = 100  # bytes of a PNG; its pixels are counted uncompressed, as those of noise are
ROW = 130  # bytes of a manifest's row
GRID_SAMPLES = 64
MAX_REPEATS = 25  # of `repeated`, where no disjoint sets can be cut


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
    bundles = _files(of_set, generator + BESIDE_WEIGHTS) + _files(of_set, GRID_SAMPLES * pixel_bytes(shape))
    return [*needs, *(kept_twice(Path("models"), bundles, "generators") if delivered else [])]


def sample_needs(shape: Shape, counts: Mapping[str, int], params: Params) -> list[Need]:
    """data/synthetic."""
    wanted = params.generate.samples_of_each(len(counts), *shape)
    rows = len(counts) * wanted * params.generate.oversample * ROW
    return kept_twice(Path("data/synthetic"), _files(len(counts) * wanted, pixel_bytes(shape)) + rows, "samples")


def delivery_needs(shape: Shape, native: Size, counts: Mapping[str, int], others: int, params: Params) -> list[Need]:
    """data/augmented, at the size that `assemble.size` comes to.

    native: (H, W) of the originals; others: images of val and test. Originals that are copied count by their pixels, as
    the sizes of their files are not known here; a class may have its own images made anew in the place of samples.
    """
    working, wanted = shape[1:], params.generate.samples_of_each(len(counts), *shape)
    chosen = params.delivers(params.evaluate.arm_names)
    size = delivered_size(chosen, native, working, params.evaluate.backbone_side)
    size, made, instead = native if chosen == "native" else size, len(counts) * wanted, ""
    if size != working:
        made = sum(max(min(wanted, MADE_PER_CLASS), count) for count in counts.values())
        instead = f"Or set assemble.size to less than {size[0]}x{size[1]}, at which images are delivered now."
    images = _files(sum(counts.values()) + others + made, pixel_bytes((shape[0], *size)))
    return kept_twice(Path("data/augmented"), images, "images to train on", instead)


def repeats(params: Params) -> int:
    """Training sets that an evaluation has, at most."""
    return params.evaluate.seeds if params.evaluate.protocol == "holdout" else max(params.evaluate.repeats, MAX_REPEATS)


def kept_twice(folder: Path, size: int, what: str, instead: str = "") -> list[Need]:
    """An output, and DVC's copy of it where a DVC looks after this folder."""
    needs = [Need(folder, size, what, instead)]
    copies = [Need(cache_folder(Path()), size, f"DVC's copy of {folder}", instead)] if Path(".dvc").is_dir() else []
    return needs + copies


def pixel_bytes(shape: Shape) -> int:
    """Of a picture, uncompressed."""
    return shape[0] * shape[1] * shape[2] + BESIDE_PIXELS


def _files(number: int, size: int) -> int:
    """Bytes on a disk of so many files of one size."""
    return number * -(-size // BLOCK) * BLOCK
