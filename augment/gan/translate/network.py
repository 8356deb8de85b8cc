"""R(good image, z) -> (change, mask); a sample is the good image + mask x change.

A *canvas* is drawn from z alone, a defect in its middle, and is placed in the good image as a person moves a sticker;
convolutions then see both and blend. All sizes are shares of a side, and nothing but convolutions sees the good image,
so the network runs at any size. What is not under the mask stays as it was (Zhang et al. 2021, Defect-GAN,
arXiv:2103.15158, section 3.2).
"""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.layers import LEAKY_SLOPE, channels_last, doubling
from augment.gan.translate.placing import placed

MASK_BIAS = -3.0  # before the first step next to nothing is changed
MASK_FLOOR = 0.05  # of a mask: below that nothing is drawn, and a pixel stays to the last bit
CANVAS_CHANNELS, LATENT = 16, 32


@dataclass(frozen=True)
class TranslatorShape:
    """All that decides the network's weights. height, width: of the images that it learnt from, pixels; defects,
    places: how many it learnt; max_area: of a mask, as a share of the image."""

    channels: int
    height: int
    width: int
    defects: int
    places: int
    max_area: float
    latent: int = LATENT
    features: int = 16

    @property
    def architecture(self) -> Architecture:
        """That of the canvas, which grows as a generator's image does."""
        return Architecture("dcgan", CANVAS_CHANNELS, self.height, self.width, self.latent, self.features)


class TranslatorNetwork(nn.Module):
    """Good images float (N, C, H, W) in [-1, 1], z float (N, latent) and places float (N, 6), as `placed` takes them,
    -> change float (N, C, H, W) in [-2, 2] and mask float (N, 1, H, W) in [0, 1]."""

    codes: Tensor  # float (defects, latent), z of each defect that was learnt
    places: Tensor  # float (places, 6), where these were carried to

    def __init__(self, shape: TranslatorShape) -> None:
        super().__init__()
        self.shape, canvas = shape, shape.architecture
        stages = canvas.stages
        self.register_buffer("codes", torch.zeros(shape.defects, shape.latent))
        self.register_buffer("places", torch.zeros(shape.places, 6))
        self.project = nn.Linear(shape.latent, stages[0] * prod(canvas.base_size))
        pairs = pairwise([*stages, CANVAS_CHANNELS])
        self.grow = nn.ModuleList(doubling(*pair, 1) for pair in pairs)
        self.blend = nn.ModuleList(
            nn.Conv2d(before, shape.features, 3, padding=1, padding_mode="replicate")
            for before in (CANVAS_CHANNELS + shape.channels, shape.features)
        )
        self.to_change = nn.Conv2d(shape.features, shape.channels, 3, padding=1)
        self.to_mask = nn.Conv2d(shape.features, 1, 3, padding=1)
        for layer in (self.project, *self.grow, *self.blend):
            nn.init.kaiming_normal_(layer.weight, LEAKY_SLOPE)
        assert self.to_mask.bias is not None
        nn.init.constant_(self.to_mask.bias, MASK_BIAS)

    def forward(self, good: Tensor, z: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
        h = torch.cat([good, placed(self.canvas(z), place, (good.shape[2], good.shape[3]))], dim=1)
        for layer in self.blend:
            h = F.leaky_relu(layer(channels_last(h)), LEAKY_SLOPE)
        mask = torch.sigmoid(self.to_mask(h))
        if not self.training:  # there a floor would leave pixels without a gradient
            mask = (mask - MASK_FLOOR).clamp(min=0) / (1 - MASK_FLOOR)
        return 2 * torch.tanh(self.to_change(h)), bounded(mask, self.shape.max_area)

    def canvas(self, z: Tensor) -> Tensor:
        """float (N, CANVAS_CHANNELS, height, width): a defect in the middle."""
        architecture = self.shape.architecture
        h: Tensor = self.project(z).view(-1, architecture.stages[0], *architecture.base_size)
        for layer in self.grow:
            h = layer(channels_last(F.leaky_relu(h, LEAKY_SLOPE)))
        return h[:, :, : architecture.height, : architecture.width]


def bounded(masks: Tensor, max_area: float) -> Tensor:
    """Masks (N, 1, H, W), thinned where they cover more of an image than that."""
    area = masks.mean(dim=(1, 2, 3), keepdim=True)
    thinned: Tensor = masks * (max_area / area.clamp(min=1e-6)).clamp(max=1)
    return thinned


def translated(network: TranslatorNetwork, good: Tensor, z: Tensor, place: Tensor) -> Tensor:
    """Samples float (N, C, H, W) in [-1, 1] of good images in the same form."""
    change, mask = network(good, z, place)
    made: Tensor = (good + mask * change).clamp(-1, 1)
    return made


def random_codes(codes: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """z float (count, latent): each between two of the codes (k, latent), which may be one, on the sphere about the
    origin: so as far from it as they are, wherever between."""
    first, second = (codes[torch.randint(len(codes), (count,), generator=rng)] for _ in range(2))
    angle = torch.rand(count, 1, generator=rng) * (torch.pi / 2)
    between: Tensor = torch.cos(angle) * first + torch.sin(angle) * second
    return between
