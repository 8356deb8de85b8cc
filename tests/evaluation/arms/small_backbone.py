"""A pretrained network for tests: two convolutions with random weights, and no file."""

from pathlib import Path

import pytest
import torch
from torch import nn

from augment.core.engine import Engine
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms import backbone_arms, seen, taught
from augment.evaluation.arms.seen import Look, SeenImages, see_images
from augment.measure.backbone.backbone import Backbone

LOOK = Look("lite0", "none", 0)


def small_backbone() -> Backbone:
    """Grey 8x8 images -> activations (N, 12, 4, 4) -> features (N, 16)."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        frozen = nn.Sequential(nn.Conv2d(1, 12, 3, 2, padding=1), nn.ReLU())
        last = nn.Sequential(nn.Conv2d(12, 16, 3, padding=1), nn.ReLU())
    return Backbone(frozen.eval(), last.eval(), 8, 1, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def use_small_backbone(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Everything looks through it, and keeps what was seen in a folder of the test's own."""
    network = small_backbone()
    monkeypatch.chdir(folder)
    for module in (seen, backbone_arms, taught):
        monkeypatch.setattr(module, "load_backbone", lambda _: network)


def looked_at(train: ImageSet, others: UInt8) -> SeenImages:
    return see_images([train], [others], LOOK, Engine("serial"))
