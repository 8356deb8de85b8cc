"""A generator of words on disk: alone, and within a set, whose bytes without one are what they were."""

import json
import warnings
from pathlib import Path

import pytest
import torch

import augment
from augment.core.errors import ArgumentError, BundleError
from augment.core.files import json_text, sha256
from augment.gan.bundle_files import signed
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.gan.words.generator import WordGenerator
from tests.gan.bundles import bind, change_json, change_weights

SAID = ["light scratch", "dark scratch", "light dent", "dark dent"]


@pytest.fixture(scope="module")
def words() -> WordGenerator:
    images = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return augment.train_words(images, SAID, steps=3, progress=False)


def classes(side: int = 8) -> dict[str, augment.ClassGenerator]:
    plan = Architecture("dcgan", 1, side, side, latent=2, features=4)
    return {label: augment.ClassGenerator(label, build(plan, seed)[0]) for seed, label in enumerate("ab")}


@pytest.fixture
def saved(words: WordGenerator, tmp_path: Path) -> Path:
    augment.GeneratorSet(classes(), words=words).save(tmp_path / "models")
    return tmp_path / "models"


def test_it_comes_back_from_the_disk_as_it_was(words: WordGenerator, tmp_path: Path) -> None:
    words.save(tmp_path)
    loaded = augment.load_words(tmp_path)
    assert torch.equal(loaded.sample("dark dent", 70, seed=3), words.sample("dark dent", 70, seed=3))
    assert loaded.vocabulary == words.vocabulary
    loaded.save(tmp_path / "again")
    for name in ("manifest.json", "generator.safetensors"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_an_image_depends_on_words_seed_and_index_alone(words: WordGenerator) -> None:
    many = words.sample("dark dent", 70, seed=1)
    assert torch.equal(words.sample("dent, DARK", 3, seed=1), many[:3])
    assert words.sample("dark dent", 0).shape == (0, 1, 8, 8)
    assert not torch.equal(words.sample("dark dent", 3, seed=2), many[:3])
    assert not torch.equal(words.sample("light dent", 3, seed=1), many[:3])


def test_a_set_draws_and_says_what_was_never_seen(saved: Path) -> None:
    generators = augment.load_generators(saved)
    assert list(generators) == ["a", "b"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = generators.draw("dark dent", n=5, seed=1)
    assert (seen.shape, seen.dtype) == ((5, 1, 8, 8), torch.uint8)
    with pytest.warns(UserWarning, match="left out: 'deep'") as caught:
        drawn = generators.draw("deep dark dent", n=5, seed=1)
    assert torch.equal(drawn, seen), "a word without a meaning changes nothing"
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="never seen together: 'scratch' with 'dent'"):
        generators.draw("scratch dent")


def test_vectors_give_unknown_words_the_meaning_of_known_ones(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("dent 1 0\ndark 0 1\ndimple 2 0.1\nblack 0.2 1\n")
    generators = augment.load_generators(saved)
    with pytest.warns(UserWarning, match=r"'black' as 'dark' \(0\.98 alike\), 'dimple' as 'dent'") as caught:
        drawn = generators.draw("black dimple", n=5, seed=1, vectors=tmp_path / "vectors.txt")
    assert len(caught) == 1
    assert torch.equal(drawn, generators.draw("dark dent", n=5, seed=1))
    with pytest.raises(ArgumentError, match="no word of it has a meaning"):
        generators.draw("black dimple")


def test_without_descriptions_there_is_nothing_to_draw_from_and_the_same_bytes(tmp_path: Path) -> None:
    generators = augment.GeneratorSet(classes())
    with pytest.raises(
        ArgumentError, match=r"trained without descriptions; name a file of them in ingest\.descriptions"
    ):
        generators.draw("dark dent")
    generators.save(tmp_path)
    assert not (tmp_path / "_words").exists()
    assert sorted(json.loads((tmp_path / "index.json").read_text())) == [
        "classes", "files", "format", "order", "sha256", "shared",
    ]  # fmt: skip


def test_a_set_has_one_size(words: WordGenerator, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="different sizes"):
        augment.GeneratorSet(classes(9), words=words)
    with pytest.raises(TypeError, match="words must be a WordGenerator, got 'dent'"):
        augment.GeneratorSet(classes(), words="dent")
    augment.GeneratorSet(classes(9)).save(tmp_path / "other")
    (saved / "_words").rename(tmp_path / "other/_words")
    names = [f"_words/{name}" for name in ("manifest.json", "generator.safetensors")]
    files = json.loads((tmp_path / "other/index.json").read_text())["files"] | {
        name: sha256((tmp_path / "other" / name).read_bytes()) for name in names
    }
    change_json(tmp_path / "other/index.json", words=True, files=files)
    for read in (augment.load_generators, augment.check_bundle):
        with pytest.raises(BundleError, match="others of the set") as caught:
            read(tmp_path / "other")
        assert caught.value.code == "mixed_images"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "upscaler"}, "bad_value"), ({"code": "import os"}, "unknown_key"), ({"latent": 64}, "wrong_tensors"),
        ({"format": 2}, "wrong_format"), ({"weights_sha256": "0" * 64}, "wrong_hash"), ({"words": []}, "bad_value"),
        ({"words": ["dark", "dent", "light", "rust", "scratch"]}, "bad_value"), ({"descriptions": [""]}, "bad_value"),
        ({"descriptions": ["dark light dent scratch rust"]}, "bad_value"), ({"channels": 2}, "bad_value"),
        ({"descriptions": ["a" * 301]}, "bad_value"), ({"features": 10**9}, "bad_value"),
    ],
)  # fmt: skip
def test_another_manifest_is_refused(
    words: WordGenerator, tmp_path: Path, change: dict[str, object], code: str
) -> None:
    words.save(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(json_text(signed(json.loads(path.read_text()) | change)))
    with pytest.raises(BundleError) as caught:
        augment.load_words(tmp_path)
    assert caught.value.code == code


def test_every_flipped_byte_of_the_manifest_is_refused(words: WordGenerator, tmp_path: Path) -> None:
    words.save(tmp_path)
    path = tmp_path / "manifest.json"
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(BundleError):
            augment.load_words(tmp_path)


def rebound(saved: Path, words: WordGenerator) -> None:
    """Other words, their own hashes right, which the index does not bind."""
    WordGenerator(words.network, words.vocabulary, {"steps": 99}).save(saved / "_words")


HOSTILE = {
    "another generator of words": (rebound, "wrong_bundle"),
    "no weights": (lambda root, _: (root / "_words/generator.safetensors").unlink(), "missing"),
    "no folder": (lambda root, _: (root / "_words").rename(root / "away"), "missing"),
    "a link": (
        lambda root, _: ((root / "_words").rename(root.parent / "x"), (root / "_words").symlink_to(root.parent / "x")),
        "link",
    ),
    "an index that says words is 1": (lambda root, _: change_json(root / "index.json", words=1), "bad_value"),
    "an index that is silent of its files": (lambda root, _: change_json(root / "index.json", words=None), "bad_value"),
    "a weight that is no number": (
        lambda root, _: (
            change_weights(root, lambda tensors: tensors["to_image.bias"].fill_(torch.nan), "_words"), bind(root)
        ),
        "not_finite",
    ),
    "weights too large for their product": (
        lambda root, _: (
            change_weights(root, lambda tensors: tensors["base.film.weight"].fill_(3e38), "_words"), bind(root)
        ),
        "not_finite",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_set_is_refused(name: str, words: WordGenerator, saved: Path) -> None:
    assert augment.check_bundle(saved) is None
    change, code = HOSTILE[name]
    change(saved, words)
    for read in (augment.check_bundle, augment.load_generators):
        with pytest.raises(BundleError) as caught:
            read(saved)
        assert caught.value.code == code, str(caught.value)
