"""An upscaler learns the detail of a user's images, never contradicts the small ones, and survives the disk."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import augment
from augment.core.errors import ArgumentError, BundleError, DataError
from augment.core.files import json_text
from augment.data.decoding.fitting import resize
from augment.gan.bundle_files import signed
from augment.gan.upscale import training
from augment.gan.upscale.network import UpscalerNetwork, UpscalerShape
from augment.gan.upscale.training import doublings_between, new_players, patch_side, train_upscaler, upscale_step
from augment.gan.upscale.upscaler import Upscaler

SIZE = (12, 16)


def stripes(count: int, channels: int = 1) -> np.ndarray:
    """Light and dark columns, 4 px each, at a random place: sharp edges that a bicubic image blurs."""
    rng = np.random.default_rng(0)
    at = np.arange(64)[None] + rng.integers(0, 8, (count, 1))
    columns = np.where(at % 8 < 4, 60, 200).astype(np.uint8)
    return np.broadcast_to(columns[:, None, None], (count, channels, 48, 64)).copy()


def small_of(images: np.ndarray, size: tuple[int, int] = SIZE) -> torch.Tensor:
    return torch.from_numpy(np.stack([resize(one.transpose(1, 2, 0), *size).transpose(2, 0, 1) for one in images]))


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return train_upscaler(stripes(16), (24, 32), steps=60, adversarial=0.0, progress=False)


def test_before_the_first_step_it_is_bicubic() -> None:
    network = UpscalerNetwork(UpscalerShape(3, 2, features=8))
    small = torch.rand(2, 3, 5, 7) * 2 - 1
    assert torch.equal(network(small), F.interpolate(small, (20, 28), mode="bicubic"))


def test_it_learns_edges_that_bicubic_blurs(upscaler: Upscaler) -> None:
    real = stripes(8)
    small = small_of(real, (24, 32))
    bicubic = F.interpolate(small.float(), (48, 64), mode="bicubic").clamp(0, 255).numpy()
    error = np.abs(upscaler(small, (48, 64)).numpy().astype(float) - real).mean()
    assert error < 0.7 * np.abs(bicubic - real).mean()


@pytest.mark.parametrize("size", [(48, 64), (45, 61), (97, 130)])
def test_what_it_makes_shrinks_back_to_what_came_in(upscaler: Upscaler, size: tuple[int, int]) -> None:
    small = torch.from_numpy(np.random.default_rng(1).integers(110, 146, (5, 1, 24, 32), dtype=np.uint8))
    made = upscaler(small, size)
    assert made.shape == (5, 1, *size)
    assert (small_of(made.numpy(), (24, 32)).int() - small.int()).abs().max() <= 1


def test_an_image_depends_on_itself_alone(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    small = small_of(stripes(5), (24, 32))
    whole = upscaler(small, 48)
    monkeypatch.setattr("augment.gan.upscale.upscaler.PASS_VALUES", 1)
    assert torch.equal(upscaler(small, 48), whole)
    assert upscaler(small[:0], 48).shape == (0, 1, 48, 48)


def test_the_adversarial_step_adds_the_discriminators_gradient_to_that_of_the_error() -> None:
    """By autograd, through D as it stands after its own update, where no penalty is due."""
    real = torch.rand(3, 1, 16, 16) * 2 - 1
    projection = training.Projection.between((16, 16), (8, 8))
    ours, reference = (new_players(UpscalerShape(1, 1, 8, 1), 16, seed=3) for _ in range(2))
    ours.step = reference.step = 1
    for players in (ours, reference):
        torch.nn.init.normal_(players.generator.to_image.weight, std=0.1, generator=torch.Generator().manual_seed(0))
    upscale_step(ours, projection, real, adversarial=0.3)
    small = projection.shrunk(real)
    made = projection(reference.generator(small), small)
    scores_real, scores_made = reference.discriminator(real), reference.discriminator(made)
    loss = (made - real).abs().mean() + 0.3 * F.softplus(-(scores_made - scores_real)).mean()
    loss.backward()
    for mine, theirs in zip(ours.generator.parameters(), reference.generator.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-6)
    moved = [not torch.equal(*pair) for pair in zip(ours.discriminator.parameters(),
                                                    reference.discriminator.parameters(), strict=True)]  # fmt: skip
    assert any(moved), "D learns too"


def test_equal_seeds_give_equal_weights_and_the_discriminator_plays_after_the_warm_up() -> None:
    first, again, plain = (
        train_upscaler(stripes(4, 3), SIZE, steps=6, adversarial=weight, seed=1, progress=False)
        for weight in (0.5, 0.5, 0.0)
    )
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name])
    assert any(not torch.equal(value, plain.network.state_dict()[name]) for name, value in
               first.network.state_dict().items())  # fmt: skip


def test_sizes() -> None:
    assert [doublings_between((224, 224), (side, side)) for side in (32, 64, 96, 150)] == [3, 2, 1, 1]
    assert doublings_between((4000, 4000), (32, 32)) == 5
    assert (patch_side((256, 192), 3), patch_side((48, 40), 3), patch_side((1024, 768), 5)) == (64, 40, 256)


@pytest.mark.parametrize(
    ("originals", "size", "message"),
    [
        (stripes(2)[0], 12, r"originals must be uint8 \(N, C, H, W\) with 1 or 3 channels, found uint8 \(1, 48, 64\)"),
        (stripes(2, 2), 12, "with 1 or 3 channels"),
        (stripes(2)[:0], 12, "originals: no images"),
        (stripes(2), 40, "48 x 64, small images 40 x 40: there is next to nothing to enlarge"),
    ],
)
def test_arguments_that_do_not_fit_are_named(originals: np.ndarray, size: int, message: str) -> None:
    with pytest.raises((ArgumentError, DataError), match=message):
        train_upscaler(originals, size, steps=1)


def test_images_that_do_not_fit_are_named(upscaler: Upscaler) -> None:
    with pytest.raises(
        DataError, match=r"small must be uint8 \(N, C, H, W\) with 1 or 3 channels, found torch.float32"
    ):
        upscaler(torch.zeros(1, 1, 8, 8), 32)
    with pytest.raises(ArgumentError, match="small must have 1 channels, as what was learnt; got 3"):
        upscaler(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), 32)
    with pytest.raises(ArgumentError, match="size is 4 x 4, and the images are larger: 8 x 8"):
        upscaler(torch.zeros(1, 1, 8, 8, dtype=torch.uint8), 4)


def test_it_comes_back_from_the_disk_as_it_was(upscaler: Upscaler, tmp_path: Path) -> None:
    upscaler.save(tmp_path)
    small = small_of(stripes(3), (24, 32))
    loaded = augment.load_upscaler(tmp_path)
    assert torch.equal(loaded(small, 96), upscaler(small, 96))
    loaded.save(tmp_path / "again")
    for name in ("manifest.json", "generator.safetensors"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "generator"}, "bad_value"), ({"code": "import os"}, "unknown_key"),
        ({"doublings": 3}, "wrong_tensors"), ({"format": 2}, "wrong_format"),
        ({"weights_sha256": "0" * 64}, "wrong_hash"),
    ],
)  # fmt: skip
def test_another_manifest_is_refused(upscaler: Upscaler, tmp_path: Path, change: dict[str, object], code: str) -> None:
    upscaler.save(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(json_text(signed(json.loads(path.read_text()) | change)))
    with pytest.raises(BundleError) as caught:
        augment.load_upscaler(tmp_path)
    assert caught.value.code == code


def test_every_flipped_byte_of_the_manifest_is_refused(upscaler: Upscaler, tmp_path: Path) -> None:
    upscaler.save(tmp_path)
    path = tmp_path / "manifest.json"
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(BundleError):
            augment.load_upscaler(tmp_path)
