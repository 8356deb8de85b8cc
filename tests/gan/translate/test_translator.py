"""A translator draws onto what it is given, image by image, and survives the disk as a bundle of its own kind."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import augment
from augment.core.errors import ArgumentError, BundleError, DataError
from augment.core.files import sha256
from augment.gan.bundle import check_bundle, load_generators
from augment.gan.bundle_files import MANIFEST
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.gan.translate.network import TranslatorNetwork, TranslatorShape
from augment.gan.translate.translator import CHUNK, Translator
from tests.gan.bundles import bind, change_json

GOOD = np.random.default_rng(0).integers(0, 256, (20, 1, 24, 20), dtype=np.uint8)


def translator(label: str = "crack", channels: int = 1, seed: int = 0) -> Translator:
    torch.manual_seed(seed)
    network = TranslatorNetwork(TranslatorShape(channels, 16, 16, 3, 5, 0.3, latent=4, features=4))
    network.codes.copy_(torch.randn(3, 4))
    network.places.copy_(torch.tensor([[shift, 0, 1, 1, 0, 1] for shift in np.linspace(-0.3, 0.3, 5)]))
    torch.nn.init.constant_(network.to_mask.bias, 0.0)
    return Translator(label, network.requires_grad_(False).eval())


def generators() -> GeneratorSet:
    plan = Architecture("dcgan", 1, 16, 16, latent=2, features=4)
    made = {label: ClassGenerator(label, build(plan, seed)[0]) for seed, label in enumerate(("crack", "good"))}
    return GeneratorSet(made).with_translators({"crack": translator()})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    generators().save(tmp_path)
    return tmp_path


def test_an_image_depends_on_itself_its_index_and_the_seed_alone() -> None:
    one = generators()["crack"]
    whole = one.translate(GOOD, seed=3)
    assert whole.dtype == torch.uint8
    assert whole.shape == GOOD.shape
    assert (whole.numpy() != GOOD).any(axis=(1, 2, 3)).all()
    assert len(GOOD) > CHUNK
    for at in (0, 7, len(GOOD) - 1):
        assert torch.equal(one.translate(GOOD[at : at + 1], seed=3, start=at)[0], whole[at])
    assert not torch.equal(one.translate(GOOD, seed=4), whole)
    assert torch.equal(one.translate(torch.from_numpy(GOOD), seed=3), whole)
    assert one.translate(GOOD[:0]).shape == (0, 1, 24, 20)


def test_different_z_give_different_defects() -> None:
    one = generators()["crack"]
    same = np.repeat(GOOD[:1], 6, axis=0)
    made = one.translate(same, seed=0).numpy()
    assert len({image.tobytes() for image in made}) == 6


def test_what_no_mask_covers_stays_to_the_last_bit() -> None:
    one = generators()["crack"]
    network = one.translator.network  # type: ignore[union-attr]
    with torch.no_grad():
        network.to_mask.weight.zero_()
        network.to_mask.bias.fill_(-3.0)  # 0.047
        assert np.array_equal(one.translate(GOOD).numpy(), GOOD)
        network.to_mask.bias.fill_(-2.0)
        assert not np.array_equal(one.translate(GOOD).numpy(), GOOD)


def test_a_set_comes_back_with_its_translators(root: Path) -> None:
    index = json.loads((root / "index.json").read_text())
    assert index["translators"] == ["crack"]
    assert {name for name in index["files"] if "translator" in name} == {
        "crack/translator/manifest.json", "crack/translator/generator.safetensors",
    }  # fmt: skip
    loaded = load_generators(root)
    assert list(loaded.translators) == ["crack"]
    assert torch.equal(loaded["crack"].translate(GOOD), generators()["crack"].translate(GOOD))
    files = [path for path in root.rglob("*") if path.is_file()]
    again = root / "again"
    loaded.save(again)
    assert all(path.read_bytes() == (again / path.relative_to(root)).read_bytes() for path in files)


def test_a_set_without_translators_names_none(tmp_path: Path) -> None:
    generators = GeneratorSet({"good": ClassGenerator("good", build(Architecture("dcgan", 1, 8, 8, 2, 4), 0)[0])})
    generators.save(tmp_path)
    assert "translators" not in json.loads((tmp_path / "index.json").read_text())
    assert load_generators(tmp_path).translators == {}


def bind_translator(root: Path, **changes: object) -> None:
    change_json(root / "crack/translator" / MANIFEST, **changes)
    bind(root)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"label": "good"}, "wrong_bundle"),
        ({"channels": 3}, "wrong_tensors"),
        ({"defects": 4}, "wrong_tensors"),
        ({"defects": 10**9}, "bad_value"),
        ({"max_area": 1.5}, "bad_value"),
        ({"height": 4000}, "bad_value"),
        ({"kind": "upscaler"}, "bad_value"),
        ({"code": "print(1)"}, "unknown_key"),
        ({"format": 2}, "wrong_format"),
        ({"latent": None}, "bad_value"),
    ],
)
def test_a_changed_manifest_is_refused_though_all_hashes_fit(root: Path, changes: dict[str, object], code: str) -> None:
    bind_translator(root, **changes)
    with pytest.raises(BundleError) as caught:
        check_bundle(root)
    assert caught.value.code == code
    assert "translator" in str(caught.value)


def test_what_is_not_what_the_index_binds_is_refused(root: Path) -> None:
    weights = root / "crack/translator/generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(BundleError, match="SHA-256"):
        load_generators(root)
    translator(seed=1).save(root / "crack/translator")
    with pytest.raises(BundleError, match=r"index\.json"):
        load_generators(root)


def test_a_link_in_its_place_is_refused(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (root / "crack/translator").rename(elsewhere)
    (root / "crack/translator").symlink_to(elsewhere)
    with pytest.raises(BundleError) as caught:
        load_generators(root)
    assert caught.value.code == "link"


def test_an_index_names_translators_of_trained_classes_alone(root: Path) -> None:
    for named in (["nobody"], ["crack", "crack"], []):
        change_json(root / "index.json", translators=named)
        with pytest.raises(BundleError) as caught:
            load_generators(root)
        assert caught.value.code == "bad_value"


def test_weights_whose_images_are_not_finite_are_refused(root: Path) -> None:
    huge = translator()
    with torch.no_grad():
        for layer in (huge.network.project, *huge.network.grow, *huge.network.blend):
            layer.weight.fill_(1e20)
    saved = huge.save(root / "crack/translator")
    files = json.loads((root / "index.json").read_text())["files"]
    assert {name.rpartition("/")[2] for name in files if "translator" in name} == saved.keys()
    bind(root)
    with pytest.raises(BundleError) as caught:
        load_generators(root)
    assert caught.value.code == "not_finite"
    assert sha256((root / "crack/translator" / MANIFEST).read_bytes()) == saved[MANIFEST]


def test_what_does_not_fit_is_named() -> None:
    made = generators()
    with pytest.raises(ArgumentError, match=r"class 'good' has no translator: set generate\.sources: learned"):
        made["good"].translate(GOOD)
    with pytest.raises(DataError, match="good must be uint8"):
        made["crack"].translate(GOOD / 255)
    with pytest.raises(ArgumentError, match="good must have 1 channels"):
        made["crack"].translate(np.repeat(GOOD, 3, axis=1))
    with pytest.raises(ArgumentError, match="8 px a side, got 1 x 4 x 20"):
        made["crack"].translate(GOOD[:, :, :4])
    with pytest.raises(ArgumentError, match="class and channels"):
        made["good"].with_translator(translator())
    with pytest.raises(TypeError, match="translator must be a Translator"):
        augment.ClassGenerator("good", made["good"].network, translator=3)  # type: ignore[arg-type]
