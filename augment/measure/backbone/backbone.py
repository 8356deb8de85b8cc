"""A pretrained network in two parts: the frozen layers, which see every image once, and the last ones, to train on."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from augment.core.environment import multiplies_bf16
from augment.core.errors import ParamsError
from augment.core.files import sha256
from augment.measure.backbone import lite0
from augment.measure.backbone.programs import load_program
from augment.params.backbone_section import IMAGENET_MEAN, IMAGENET_STD, BackboneFile
from augment.params.types import BACKBONE_MAX_SIDE_PX

MIN_SIDE_PX, MAX_SIDE_PX = 96, BACKBONE_MAX_SIDE_PX  # of what lite0 is shown, trained at 224; smaller is enlarged
CHUNK_IMAGES, PASS_PIXELS = 64, 64 * 96 * 96  # of one pass, at most: the first layers hold hundreds of values a pixel
CHECKED_IMAGES, SAME_WITHIN = 3, 0.05  # of a first look; a share, as bf16 rounds
FAULTS = (RuntimeError, TypeError, ValueError, AssertionError, IndexError, KeyError, ZeroDivisionError)
HALF_MAX = torch.finfo(torch.float16).max
Chosen = str | BackboneFile  # as `evaluate.backbone` has it: lite0, or a network of the user's own


@dataclass(frozen=True)
class Backbone:
    """frozen: normalised float32 (N, C, h, w) -> activations; last: activations -> (N, D) or (N, D, h, w), for `pool`.

    last: None where a network does not come apart, whose `frozen` part then gives what is to be pooled
    size: of its square input, pixels; None: any, the shorter side from 96 to 224 px
    trains_in_bf16: its last layers, faster where the processor has it; depthwise convolutions of others are not
    max_places: of a map that its last layers are trained on, None: any; larger ones are averaged over 2x2 places, since
    a step on them takes ten times as long
    """

    frozen: nn.Module
    last: nn.Module | None
    size: int | None
    channels: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    trains_in_bf16: bool = False
    max_places: int | None = None


def is_available(chosen: Chosen) -> bool:
    """Whether its package is installed; a network of the user's own counts as there, and is asked for when loaded."""
    return isinstance(chosen, BackboneFile) or lite0.is_installed()


@functools.lru_cache(maxsize=1)
def load_backbone(chosen: Chosen) -> Backbone:
    """The network that `evaluate.backbone` names, in eval mode. Raises `ParamsError` where it cannot be had."""
    if isinstance(chosen, BackboneFile):
        program = load_program(chosen)
        return Backbone(program.frozen, program.last, chosen.size, chosen.channels, chosen.mean, chosen.std)
    network = lite0.layers(lite0.pretrained_weights())
    frozen, last = (
        nn.Sequential(*part).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for part in (network[: -lite0.TRAINED_LAYERS], network[-lite0.TRAINED_LAYERS :])
    )
    bf16 = multiplies_bf16("cpu")
    return Backbone(frozen, last, None, 3, IMAGENET_MEAN, IMAGENET_STD, bf16, lite0.MAX_TRAINED_PLACES)


def comes_apart(chosen: Chosen) -> bool:
    """Whether it has last layers to train on. Raises `ParamsError` as `load_backbone`."""
    return not isinstance(chosen, BackboneFile) or load_backbone(chosen).last is not None


def check_backbone(chosen: Chosen, shape: tuple[int, int, int]) -> None:
    """Show it one batch of images (C, H, W). Raises `ParamsError` that names what does not fit, and what to do."""
    network = load_backbone(chosen)
    if network.channels < shape[0]:
        raise ParamsError(
            "params.yaml: evaluate.backbone.channels: 1, but the images are RGB; set `ingest.color: grey`, or name a "
            "network for three channels"
        )
    asked = f"params.yaml: evaluate.backbone{_named(chosen)}"
    images = np.random.default_rng(0).integers(0, 256, (CHECKED_IMAGES, *shape), dtype=np.uint8)
    shown = network_input(network, images)
    try:
        with torch.no_grad():
            seen, alone = _seen(network, shown)[1], _seen(network, shown[:1])[1]
    except FAULTS as error:
        raise ParamsError(
            f"{asked}: does not take float32 {tuple(shown.shape)}: {' '.join(str(error).split())[:200]}; set its size "
            "and channels, and export it for a batch of any length (dynamic_shapes, docs/backbones.md)"
        ) from error
    _require_features(seen, alone, asked)


def _named(chosen: Chosen) -> str:
    """The rest of its key, and its value."""
    if isinstance(chosen, str):
        return f": {chosen}"
    return f".file: {chosen.file}" if chosen.file else f".timm: {chosen.timm}"


def _require_features(seen: Tensor, alone: Tensor, asked: str) -> None:
    """seen: what it gives for a batch; alone: for the first image of it."""
    shape = tuple(seen.shape)
    if seen.ndim not in (2, 4) or shape[0] != CHECKED_IMAGES or 0 in shape:
        tokens = "; of tokens take one, or their mean, in the network that you export" if seen.ndim == 3 else ""
        raise ParamsError(
            f"{asked}: gives shape {shape} for {CHECKED_IMAGES} images, and not (N, D) or (N, D, h, w){tokens}"
        )
    if not seen.isfinite().all():
        raise ParamsError(
            f"{asked}: gives values that are not finite for images in [0, 1]; check mean, std and weights"
        )
    found, first = pool(seen), pool(alone)[0]
    if found.std(dim=0).max() == 0:
        raise ParamsError(f"{asked}: gives the same features for different images; check its weights, mean and std")
    if (found[0] - first).norm() > SAME_WITHIN * first.norm():
        raise ParamsError(
            f"{asked}: gives an image other features in a batch than alone, so it draws at random or was exported "
            "while training; call eval() before torch.export.export"
        )


def features(network: Backbone, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pooled features float32 (N, D) of uint8 (N, C, H, W)."""
    return np.concatenate([pooled for _, pooled in described(network, images)])


@torch.no_grad()
def described(
    network: Backbone, images: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.float16], NDArray[np.float32]]]:
    """Activations float16 (n, ...) before the last layers, and pooled features float32 (n, D), of n images at a time.

    bf16 where the processor multiplies it in hardware.
    """
    height, width = _shown_size(network, *images.shape[2:])
    chunk = min(CHUNK_IMAGES, max(1, PASS_PIXELS // (height * width)))
    for at in range(0, max(len(images), 1), chunk):
        h, seen = _seen(network, network_input(network, images[at : at + chunk]))
        trained_on = _fewer_places(h.float(), network.max_places)
        yield trained_on.clamp(-HALF_MAX, HALF_MAX).half().numpy(), pool(seen).numpy()


def _fewer_places(h: Tensor, most: int | None) -> Tensor:
    """Maps (N, C, h, w) averaged over 2x2 places until they have at most so many."""
    while most is not None and h.ndim == 4 and h.shape[2] * h.shape[3] > most:
        h = F.avg_pool2d(h, 2, ceil_mode=True)
    return h


def _seen(network: Backbone, x: Tensor) -> tuple[Tensor, Tensor]:
    """Activations before the last layers, and what these give."""
    with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bf16("cpu")):
        h = network.frozen(x)
        return h, h if network.last is None else network.last(h)


def _shown_size(network: Backbone, height: int, width: int) -> tuple[int, int]:
    """(height, width) that images of a size have as its input."""
    if network.size is not None:
        return network.size, network.size
    scale = min(max(min(height, width), MIN_SIDE_PX), MAX_SIDE_PX) / min(height, width)
    return round(scale * height), round(scale * width)


def network_input(network: Backbone, images: NDArray[np.uint8]) -> Tensor:
    """uint8 (N, C, H, W) -> normalised float32 (N, channels, h, w), resized with antialiasing."""
    target = _shown_size(network, *images.shape[2:])
    levels = torch.from_numpy(images).float().expand(-1, network.channels, -1, -1) / 255
    sized = F.interpolate(levels, target, mode="bilinear", antialias=True)
    mean, std = (torch.tensor(values[: network.channels])[:, None, None] for values in (network.mean, network.std))
    return ((sized - mean) / std).contiguous(memory_format=torch.channels_last)


def pool(seen: Tensor) -> Tensor:
    """(N, D) or (N, D, h, w) -> float32 (N, D), the mean over all places."""
    return seen.float().mean(dim=(2, 3)) if seen.ndim == 4 else seen.float()


def identity(chosen: Chosen) -> list[str]:
    """What tells this network, as it is used, from others: its settings and its files' contents."""
    arithmetic = "bf16" if multiplies_bf16("cpu") else "fp32"
    if not isinstance(chosen, BackboneFile):
        return [chosen, f"{lite0.TRAINED_LAYERS} trained layers", arithmetic]
    return [chosen.model_dump_json(exclude={"file", "weights"}), *files_of(chosen).values(), arithmetic]


def files_of(chosen: Chosen) -> dict[str, str]:
    """SHA-256 of the files that it is read from, by their paths; none of a network that a package carries."""
    names = (chosen.file, chosen.weights) if isinstance(chosen, BackboneFile) else ()
    return {name: sha256(Path(name).read_bytes()) for name in names if name}
