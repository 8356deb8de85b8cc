"""Small networks that tests export, as people would."""

import warnings
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

SIZE = 32


def convolutions(channels: int = 3) -> nn.Sequential:
    """Six convolutions with batch norms whose statistics are not those of a fresh network, then a mean: (N, 12)."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    widths = (channels, 4, 4, 6, 8, 10, 12)
    for number, (into, out) in enumerate(pairwise(widths)):
        norm = nn.BatchNorm2d(out)
        nn.init.uniform_(norm.running_mean, -0.2, 0.2)
        nn.init.uniform_(norm.running_var, 0.5, 2)
        layers += [nn.Conv2d(into, out, 3, 1 + number % 2, 1), norm, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


class Tokens(nn.Module):
    """A small vision transformer, whose graph counts its images: (N, 16) of the first token, or all (N, 17, 16)."""

    def __init__(self, pooled: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches, self.pooled = nn.Conv2d(3, 16, 8, 8), pooled
        self.first, self.places = nn.Parameter(torch.randn(1, 1, 16)), nn.Parameter(torch.randn(1, 17, 16))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True) for _ in range(4)
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.patches(x).flatten(2).transpose(1, 2)
        h = torch.cat([self.first.expand(x.shape[0], -1, -1), h], 1) + self.places
        for block in self.blocks:
            h = block(h)
        return h[:, 0].reshape(x.shape[0], 16) if self.pooled else h


class Woven(nn.Module):
    """Every layer asks for the image again, so that no value passes alone."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Conv2d(3 if number == 0 else 7, 4, 3, 1, 1) for number in range(4))

    def forward(self, x: Tensor) -> Tensor:
        h = x[:, :0]
        for layer in self.layers:
            h = layer(torch.cat([h, x], 1)).relu()
        return torch.cat([h, x], 1).mean((2, 3))


class Results(nn.Module):
    """Convolutions whose features pass through a function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.network, self.function = convolutions(), function

    def forward(self, x: Tensor):
        return self.function(self.network(x))


def save(network: nn.Module, path: Path, channels: int = 3, size: int = SIZE, batch: int | None = None) -> Path:
    """Export it; batch: the one length that it takes, None for any."""
    shapes = None if batch else ({0: torch.export.Dim("batch")},)
    with warnings.catch_warnings(action="ignore"):
        images = torch.randn(batch or 2, channels, size, size)
        torch.export.save(torch.export.export(network, (images,), dynamic_shapes=shapes), path)
    return path
