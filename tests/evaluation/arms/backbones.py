"""A tiny backbone in the place of the pretrained one: the mean of every row of an image is a feature."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from augment.evaluation.arms import backbone_arms, seen, taught
from augment.measure.backbone.backbone import Backbone

SIDE = 16


class Rows(nn.Module):
    """float (N, C, 16, 16) -> (N, 16, 2, 1): the row means of both halves."""

    def forward(self, images: Tensor) -> Tensor:
        rows = images.mean(dim=1).unflatten(2, (2, SIDE // 2)).mean(dim=3)[..., None]
        return rows.contiguous(memory_format=torch.channels_last)  # as networks give it


def tiny(_: object = None) -> Backbone:
    torch.manual_seed(0)
    return Backbone(Rows(), nn.Conv2d(SIDE, 24, 1), SIDE, 1, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture
def small_backbone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """It, wherever one is loaded in this process, and a work store of its own."""
    for module in (seen, backbone_arms, taught):
        monkeypatch.setattr(module, "load_backbone", tiny)
    monkeypatch.setattr(seen, "identity", lambda _: ["tiny"])
    monkeypatch.setattr(seen, "STORE", tmp_path / "backbone")
    monkeypatch.setattr(seen, "VIEWS_PER_CLASS", 12)
