"""data/augmented in a training loop: the right pixels under the right class, drawn as the manifest says."""

import io
import pickle
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader, default_collate

from augment import load_augmented
from augment.core.errors import ArgumentError, AugmentError, DataError
from augment.core.files import read_csv, write_csv
from augment.core.seeds import global_torch_rng
from augment.data.delivered import AUGMENTED_MANIFEST_COLUMNS
from augment.measure.augmentations import classical_augmentation
from augment.synthesis.training_code.augmented import AugmentedDataset, resized
from tests.delivered import GREY, MIXED, deliver, recipe

COLOUR = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return deliver(tmp_path / "augmented", MIXED, recipe(synthetic=1))


@pytest.fixture
def square(tmp_path: Path) -> Path:
    """Grey levels 0 to 7 in 4x4, of which 0 to 5 are dents; 5 and 7 are synthetic."""
    of_class = [("dent", 0.5)] * 6 + [("scratch", 2.0)] * 2
    pictures = [
        ("train", label, level in (5, 7), weight, Image.new("L", (4, 4), level))
        for level, (label, weight) in enumerate(of_class)
    ]
    return deliver(tmp_path / "square", pictures, recipe(synthetic=2, augmentation=None))


def one(tmp_path: Path, content: bytes | Image.Image, ending: str = "png", **how: object) -> torch.Tensor:
    """The only image of a folder."""
    place = deliver(tmp_path / "one", [("train", "dent", False, 1.0, content)], recipe(**how), ending)
    return load_augmented(place)[0][0]


def test_images_come_as_they_are_stored(folder: Path) -> None:
    train = load_augmented(folder)
    assert isinstance(train, AugmentedDataset)
    assert (len(train), train.classes, train.targets) == (4, ["dent", "scratch"], [0, 0, 0, 1])
    for (image, target), (_, label, _, _, stored) in zip(train, MIXED, strict=False):
        assert (image.dtype, train.classes[target]) == (torch.uint8, label)
        assert torch.equal(image, torch.from_numpy(np.array(stored)[None]))
    assert train.synthetic.tolist() == [False, False, True, False]
    assert train.sources == ["raw/0", "raw/1", "raw/2", "raw/3"]
    assert (train.weights.dtype, train.weights.tolist()) == (torch.float64, [0.5, 0.5, 1.0, 2.0])
    val = load_augmented(str(folder), "val")
    assert (val.targets, val.weights.tolist()) == ([1], [1.0])


def test_weights_are_one_on_average_whatever_the_manifest_says(folder: Path) -> None:
    rows = [{**row, "weight": 3 * float(row["weight"])} for row in read_csv(folder / "manifest.csv")]
    write_csv(folder / "manifest.csv", rows, AUGMENTED_MANIFEST_COLUMNS)
    assert load_augmented(folder).weights.tolist() == [0.5, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stored", [GREY, COLOUR], ids=["grey", "colour"])
def test_all_images_have_the_channels_of_the_folder(tmp_path: Path, stored: np.ndarray, channels: int) -> None:
    image = one(tmp_path, Image.fromarray(stored), channels=channels)
    expected = np.asarray(Image.fromarray(stored).convert("L" if channels == 1 else "RGB"))
    assert np.array_equal(image, np.atleast_3d(expected).transpose(2, 0, 1))
    image[0, 0, 0] = 7  # it is the caller's own


def test_copied_originals_are_read_as_ingest_read_them(tmp_path: Path) -> None:
    """Turned by EXIF, on the background, and as bright as the set's deep files are."""
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise sets it upright
    ramp = Image.fromarray(np.repeat(GREY, 8, 0).repeat(8, 1))  # JPEG keeps its blocks of 8x8
    assert np.array_equal(one(tmp_path, encoded(ramp, "JPEG", quality=100, exif=exif), "jpg")[0], np.rot90(ramp, -1))
    clear = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(np.where(GREY > 100, 255, 0).astype(np.uint8))])
    assert np.array_equal(one(tmp_path, clear, background=9)[0], np.where(GREY > 100, GREY, 9))
    deep = Image.fromarray(GREY.astype(np.uint16) * 16)  # of 12 bits
    assert np.array_equal(one(tmp_path, deep, white={65535: 4095})[0], (GREY.astype(int) * 16 * 255 + 2047) // 4095)
    assert int(one(tmp_path, deep).max()) == round(235 * 16 / 257)


@pytest.mark.parametrize(
    ("size", "shape"), [(4, (4, 4)), (12, (12, 12)), (6, (6, 6)), ((3, 5), (3, 5)), ([9, 7], (9, 7)), ((6, 8), (6, 8))]
)
def test_size(folder: Path, size: object, shape: tuple[int, int]) -> None:
    train = load_augmented(folder, size=size)
    assert [image.shape for image, _ in train] == [(1, *shape)] * 4
    if size == (6, 8):
        assert torch.equal(train[0][0][0], torch.from_numpy(GREY))


def test_a_number_keeps_the_aspect_and_crops_the_centre() -> None:
    """A bright column in the middle of a wide image stays in the middle; its ends are cut off."""
    wide = np.zeros((10, 30, 1), np.uint8)
    wide[:, 14:16], wide[:, :9], wide[:, -9:] = 200, 99, 99
    assert np.array_equal(resized(wide, 10), wide[:, 10:20])
    smaller = resized(wide, 5)
    assert smaller.shape == (5, 5, 1)
    assert smaller[2, :, 0].argmax() == 2
    assert smaller[:, [0, -1]].max() < 40


def test_smaller_images_are_antialiased() -> None:
    """Without, a board of single pixels would come out black or white."""
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[:, :, None]
    assert np.abs(resized(board, 16).astype(int) - 127).max() <= 8


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40))
def test_a_square_is_always_whole(height: int, width: int, size: int) -> None:
    assert resized(np.zeros((height, width, 3), np.uint8), size).shape == (size, size, 3)


def test_the_order_of_classes_can_be_stated(folder: Path) -> None:
    assert load_augmented(folder, classes=["scratch", "none", "dent"]).targets == [2, 2, 2, 0]
    with pytest.raises(ArgumentError, match=r"classes names .*'scratch'.* are of .'dent'."):
        load_augmented(folder, classes=["scratch"])


def test_a_transform_is_given_the_plain_image(folder: Path) -> None:
    seen = []

    def note(image: torch.Tensor) -> str:
        seen.append(type(image))
        return "made"

    assert load_augmented(folder, transform=note)[3] == ("made", 1)
    assert seen == [torch.Tensor]


def test_the_sampler_draws_as_the_weights_say(square: Path) -> None:
    train = load_augmented(square)
    drawn = torch.tensor([list(train.sampler(seed)) for seed in range(400)]).flatten()
    expected = train.weights / 8
    error = (expected * (1 - expected) / len(drawn)) ** 0.5
    assert ((torch.bincount(drawn) / len(drawn) - expected).abs() < 4 * error).all()


def test_a_sampler_goes_on_from_a_checkpoint(square: Path) -> None:
    train = load_augmented(square)
    sampler, other = train.sampler(seed=3), train.sampler(seed=4)
    first, state = list(sampler), sampler.generator.get_state()
    second = list(sampler)
    assert first == list(train.sampler(seed=3)) != second
    other.generator.set_state(state)
    assert list(other) == second


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_what_the_folder_holds(square: Path, workers: int) -> None:
    """Each grey level under its class, whatever processes read it."""
    train = load_augmented(square)
    loader = DataLoader(train, batch_size=3, num_workers=workers, sampler=train.sampler(seed=1))
    batches = list(loader)
    assert [type(part) for part in batches[0]] == [torch.Tensor, torch.Tensor]
    images, targets = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert images[:, 0, 0, 0].tolist() == list(train.sampler(seed=1))
    assert targets.tolist() == (images[:, 0, 0, 0] > 5).long().tolist()


def joined_or_told(items: list[object]) -> object:
    """The default collate, and what it says of sizes: an error that leaves a worker makes torch wait for seconds."""
    try:
        return default_collate(items)
    except ArgumentError as error:
        return str(error)


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("transform", [None, torch.Tensor.float], ids=["bytes", "floats"])
def test_images_of_several_sizes_in_one_batch_are_told(folder: Path, workers: int, transform: object) -> None:
    """Within workers torch joins images in shared memory, by other calls."""
    train = load_augmented(folder, transform=transform)
    (said,) = DataLoader(train, batch_size=4, num_workers=workers, collate_fn=joined_or_told)
    assert re.search(r"\(1, 6, 8\) and \(1, 8, 6\).*size=224", said)
    alone = list(DataLoader(train, batch_size=1, num_workers=workers))
    assert [images.shape for images, _ in alone] == [(1, 1, 6, 8), (1, 1, 8, 6), (1, 1, 6, 8), (1, 1, 6, 8)]
    (own,) = DataLoader(train, batch_size=4, num_workers=workers, collate_fn=list)
    assert [image.shape for image, _ in own] == [(1, 6, 8), (1, 8, 6), (1, 6, 8), (1, 6, 8)]
    assert type(own[0][0] + 1) is torch.Tensor


def test_links_into_a_cache_are_read(folder: Path) -> None:
    """As DVC leaves them where `cache.type` is symlink."""
    first = folder / "train/dent/000000.png"
    first.replace(folder / "cached")
    first.symlink_to(folder / "cached")
    assert torch.equal(load_augmented(folder, verify=True)[0][0][0], torch.from_numpy(GREY))


def test_it_can_be_pickled(folder: Path) -> None:
    train = load_augmented(folder, size=5)
    copy = pickle.loads(pickle.dumps(train))
    assert all(torch.equal(ours, theirs) for (ours, _), (theirs, _) in zip(train, copy, strict=True))
    image = load_augmented(folder)[0][0]
    assert torch.equal(pickle.loads(pickle.dumps(image)), image)
    assert pickle.loads(pickle.dumps(train.augmentation())).keywords["augmentation"] == "classical"


def test_real_images_alone_balance_the_classes(square: Path) -> None:
    real = load_augmented(square, size=9, classes=["scratch", "dent"]).real_only()
    assert (len(real), real.synthetic.any(), real.recipe.synthetic) == (6, False, 0)
    assert real.targets == [1, 1, 1, 1, 1, 0]
    assert real.weights.tolist() == pytest.approx([0.6] * 5 + [3.0])
    assert real[5][0].shape == (1, 9, 9)
    assert real.real_only().weights.tolist() == real.weights.tolist()


@pytest.mark.parametrize(
    ("family", "augmentation", "arm"),
    [
        ("scratch", "classical", "classical"), ("scratch", "mixup_cutmix", "mixup_cutmix"),
        ("probe", "randaugment", "probe"), ("finetune", "randaugment", "finetune"), ("scratch", None, "oversample"),
    ],
)  # fmt: skip
def test_real_images_alone_have_the_way_of_the_arm_below(family: str, augmentation: str | None, arm: str) -> None:
    way = recipe(family=family, augmentation=augmentation, synthetic=3)
    assert way.real_alone() == way.model_copy(update={"arm": arm, "synthetic": 0})


@pytest.mark.parametrize("augmentation", ["classical", "randaugment", "trivialaugment", "mixup_cutmix"])
def test_the_augmentation_is_that_of_the_recipe(tmp_path: Path, augmentation: str) -> None:
    place = deliver(tmp_path / "a", MIXED, recipe(augmentation=augmentation, flips="horizontal", channels=3))
    change, images = load_augmented(place).augmentation(), torch.rand(4, 3, 12, 10)
    with global_torch_rng(0):
        changed = change(images)
    assert changed.shape == images.shape
    assert not torch.equal(changed, images)
    assert 0 <= changed.min() <= changed.max() <= 1
    if augmentation in ("classical", "mixup_cutmix"):
        with global_torch_rng(0):
            assert torch.equal(changed, classical_augmentation("horizontal")(images))
    assert change(torch.rand(2, 3, 5, 7)).shape == (2, 3, 5, 7), "another size in the next batch"
    assert change(images[:0]).shape == (0, 3, 12, 10)


def test_the_flips_are_those_that_the_data_allows(tmp_path: Path) -> None:
    """Columns are mirrored in half of the images, rows in none."""
    place = deliver(tmp_path / "a", MIXED, recipe(augmentation="classical", flips="horizontal"))
    wedge = torch.linspace(0, 1, 64).expand(200, 1, 64, 64)
    changed = load_augmented(place).augmentation()(wedge)
    mirrored = (changed[:, 0, :, :8].mean((1, 2)) > 0.5).float().mean()
    assert 0.3 < mirrored < 0.7
    upright = load_augmented(place).augmentation()(wedge.transpose(2, 3))
    assert (upright[:, 0, :8].mean((1, 2)) < 0.5).all()


def test_none_leaves_images_as_they_are(square: Path) -> None:
    images = torch.rand(2, 1, 4, 4)
    assert load_augmented(square).augmentation()(images) is images


@pytest.mark.parametrize(
    "images",
    [torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.full((2, 1, 4, 4), 200.0), torch.zeros(1, 4, 4), 3,
     torch.full((2, 1, 4, 4), torch.nan), torch.full((2, 1, 4, 4), -1.0)],
)  # fmt: skip
def test_an_augmentation_takes_a_batch_from_0_to_1(folder: Path, images: object) -> None:
    with pytest.raises(ArgumentError, match="0 to 1"):
        load_augmented(folder).augmentation()(images)


def test_an_augmentation_without_its_package_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "augment.measure.augmentations", raising=False)
    monkeypatch.setitem(sys.modules, "kornia", None)
    monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
    with pytest.raises(AugmentError, match=r"classical needs kornia.*pip install 'gan-augment\[pipeline\]'"):
        load_augmented(folder).augmentation()


def test_nothing_is_decoded_before_it_is_asked_for(tmp_path: Path) -> None:
    """1,000 images that are none are listed in well below a second; the first that is asked for says so."""
    pictures = [("train", "dent", False, 1.0, b"no image")] * 1000
    place = deliver(tmp_path / "many", pictures, recipe())
    began = time.process_time()
    train = load_augmented(place, verify=False)
    assert time.process_time() - began < 0.5
    with pytest.raises(DataError, match=r"000999.png: the content is text.*dvc repro"):
        train[-1]
