"""What a backbone is shown, and its features: by hand, for every size and colour."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from augment.measure.backbone import backbone, lite0
from augment.measure.backbone.backbone import (
    Backbone,
    check_backbone,
    comes_apart,
    described,
    features,
    files_of,
    identity,
    load_backbone,
    network_input,
    pool,
)
from augment.params.backbone_section import IMAGENET_MEAN, IMAGENET_STD, BackboneFile
from tests.measure.backbone.networks import convolutions, save


def images(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def flat(size=None, channels=3, mean=IMAGENET_MEAN, std=IMAGENET_STD):
    """A network that gives what it is shown."""
    return Backbone(nn.Identity(), nn.Identity(), size, channels, mean, std)


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((8, 8), (96, 96)),
        ((96, 96), (96, 96)),
        ((150, 130), (150, 130)),
        ((256, 256), (224, 224)),
        ((16, 32), (96, 192)),
    ],
)
def test_small_images_are_enlarged_to_96_and_large_ones_made_224(shape, shown):
    assert network_input(flat(), images(2, 3, *shape)).shape == (2, 3, *shown)


def test_a_network_of_ones_own_is_shown_squares_of_its_size():
    assert network_input(flat(size=40), images(2, 1, 8, 24)).shape == (2, 3, 40, 40)
    assert network_input(flat(size=40, channels=1), images(2, 1, 64, 64)).shape == (2, 1, 40, 40)


def test_each_channel_is_normalised_by_its_own_mean_and_std():
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.25, 2.0)
    seen = images(2, 3, 100, 100)
    found = network_input(flat(mean=mean, std=std), seen).numpy()
    for channel in range(3):
        expected = (seen[:, channel] / 255 - mean[channel]) / std[channel]
        np.testing.assert_allclose(found[:, channel], expected, atol=1e-5)


def test_sizes_change_by_averages_of_what_they_cover():
    """Antialiasing: half the size of a chequerboard is grey, where picking pixels would leave it black or white."""
    board = (np.indices((448, 448)).sum(axis=0) % 2 * 255).astype(np.uint8)[None, None]
    found = network_input(flat(mean=(0, 0, 0), std=(1, 1, 1)), board)
    torch.testing.assert_close(found[..., 2:-2, 2:-2], torch.full((1, 3, 220, 220), 0.5), atol=1e-2, rtol=0)


@pytest.mark.parametrize("shape", [(3, 1, 28, 28), (2, 3, 24, 40), (2, 1, 8, 8)])
def test_features_of_any_size_and_colour_and_of_one_image_alone(shape):
    seen = images(*shape)
    found = features(load_backbone("lite0"), seen)
    assert (found.shape, found.dtype) == ((shape[0], 1280), np.float32)
    assert np.isfinite(found).all()
    assert found.std(axis=0).max() > 0
    assert features(load_backbone("lite0"), seen[:0]).shape == (0, 1280)
    alone = features(load_backbone("lite0"), seen[1:2])
    np.testing.assert_allclose(alone[0], found[1], atol=0.03 * np.abs(found[1]).max())


def test_grey_is_rgb_with_equal_channels():
    grey = images(2, 1, 20, 20)
    found = [features(load_backbone("lite0"), seen) for seen in (grey, grey.repeat(3, axis=1))]
    np.testing.assert_array_equal(*found)


def test_features_are_what_the_last_layers_give_of_the_activations():
    network, seen = load_backbone("lite0"), images(70, 3, 16, 16)
    parts = list(described(network, seen))
    assert [len(pooled) for _, pooled in parts] == [64, 6]
    with torch.no_grad():
        again = pool(network.last(torch.from_numpy(np.concatenate([h for h, _ in parts])).float())).numpy()
    found = features(network, seen)
    assert np.abs(again - found).max() < 0.05 * np.abs(found).max(), "within what bf16 rounds"
    assert parts[0][0].dtype == np.float16


def test_pooling_is_the_mean_over_places():
    seen = torch.arange(24.0).reshape(2, 3, 2, 2)
    assert pool(seen).tolist() == [[1.5, 5.5, 9.5], [13.5, 17.5, 21.5]]
    assert torch.equal(pool(seen[..., 0, 0].bfloat16()), seen[..., 0, 0])


def test_activations_beyond_float16_stay_finite():
    network = Backbone(nn.Identity(), nn.Identity(), None, 3, (0, 0, 0), (1e-6, 1e-6, 1e-6))
    [(activations, pooled)] = described(network, np.full((1, 1, 96, 96), 255, np.uint8))
    assert activations.max() == np.finfo(np.float16).max
    np.testing.assert_allclose(pooled, 1e6, rtol=1e-2)


def test_large_inputs_come_in_smaller_parts(monkeypatch):
    monkeypatch.setattr(backbone, "CHUNK_IMAGES", 8)
    network = Backbone(nn.Identity(), None, 448, 3, IMAGENET_MEAN, IMAGENET_STD)
    assert [len(pooled) for _, pooled in described(network, images(5, 1, 8, 8))] == [2, 2, 1]


def test_lite0_passes_its_own_check_and_comes_apart():
    check_backbone("lite0", (1, 16, 16))
    assert comes_apart("lite0")
    assert files_of("lite0") == {}


def test_a_network_is_known_by_its_files_and_settings(tmp_path):
    path = tmp_path / "a.pt2"
    path.write_bytes(b"one")
    first = BackboneFile(file=str(path), size=32)
    known = identity(first)
    (tmp_path / "b.pt2").write_bytes(b"one")
    assert identity(BackboneFile(file=str(tmp_path / "b.pt2"), size=32)) == known, "another name, the same network"
    assert identity(BackboneFile(file=str(path), size=64)) != known
    path.write_bytes(b"two")
    assert identity(first) != known
    assert list(files_of(first)) == [str(path)]


def test_what_was_seen_before_other_layers_is_not_known_again(monkeypatch):
    known = identity("lite0")
    monkeypatch.setattr(lite0, "TRAINED_LAYERS", 3)
    assert identity("lite0") != known


def test_features_of_ones_own_network_are_those_of_its_images(tmp_path):
    network = convolutions()
    chosen = BackboneFile(
        file=str(save(network, tmp_path / "a.pt2")), size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
    )
    load_backbone.cache_clear()
    seen = images(3, 1, 64, 32)
    sized = F.interpolate(
        torch.from_numpy(seen).float().expand(-1, 3, -1, -1), (32, 32), mode="bilinear", antialias=True
    )
    with torch.no_grad():
        expected = network(sized / 127.5 - 1).numpy()
    found = features(load_backbone(chosen), seen)
    assert np.abs(found - expected).max() < 0.03 * np.abs(expected).max(), "within what bf16 rounds"
    load_backbone.cache_clear()
