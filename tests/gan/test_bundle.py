"""Bundles: exact on the way out and in, and suspicious."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import ArgumentError, BundleError
from augment.gan.bundle import load_bundle, load_generators
from augment.gan.generators import ClassGenerator, GeneratorSet, network_from
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from tests.gan.bundles import change_json

PLAN = Architecture("dcgan", 3, 5, 8, latent=4, features=4)
LABEL = 'a "b"; $(x) \N{SNOWMAN}'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    ClassGenerator(LABEL, build(PLAN, seed=1)[0], {"steps": 3}, {"torch": "x"}).save(tmp_path / "m")
    return tmp_path / "m"


GENERATOR = ClassGenerator("x", build(PLAN, seed=1)[0])


def test_round_trip(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    original = ClassGenerator(LABEL, network_from(PLAN, build(PLAN, seed=1)[0].state_dict()))
    assert (loaded.label, loaded.training, loaded.environment) == (LABEL, {"steps": 3}, {"torch": "x"})
    assert loaded.shape == (3, 5, 8)
    assert torch.equal(loaded.sample(5, seed=2), original.sample(5, seed=2))


@pytest.mark.parametrize("network", ["linear", "residual"])
def test_the_other_networks_travel_too(tmp_path: Path, network: str) -> None:
    plan = dataclasses.replace(PLAN, network=network)
    weights = build(plan, seed=1)[0].state_dict()
    ClassGenerator(LABEL, network_from(plan, weights)).save(tmp_path / network)
    loaded = load_bundle(tmp_path / network)
    assert torch.equal(loaded.sample(5, seed=2), ClassGenerator(LABEL, network_from(plan, weights)).sample(5, seed=2))
    change_json(tmp_path / network / "manifest.json", network="dcgan")
    with pytest.raises(BundleError, match="do not fit"):
        load_bundle(tmp_path / network)


def test_equal_generators_give_equal_bytes(bundle: Path, tmp_path: Path) -> None:
    ClassGenerator(LABEL, build(PLAN, seed=1)[0], {"steps": 3}, {"torch": "x"}).save(tmp_path / "n")
    for name in ("manifest.json", "generator.safetensors"):
        assert (bundle / name).read_bytes() == (tmp_path / "n" / name).read_bytes()


def test_a_class_that_failed_keeps_its_place_and_its_reason(tmp_path: Path) -> None:
    one = ClassGenerator(LABEL, build(PLAN, seed=1)[0])
    GeneratorSet({LABEL: one}, {"z": "collapsed", "Z": "x" * 9999}).save(tmp_path)
    generators = load_generators(tmp_path)
    assert list(generators) == [LABEL]
    assert generators.class_to_idx == {"Z": 0, LABEL: 1, "z": 2}
    with pytest.raises(KeyError, match="collapsed"):
        generators["z"]
    assert set(generators.failed["Z"]) == {"x"}, "the beginning of a reason without end"


@pytest.mark.parametrize("labels", [["A", "a-559aea"], ["a\x1b[2J"], ["x" * 1025], ["\u202ex"]])
def test_labels_that_no_folder_can_bear_are_refused_before_anything_is_written(
    labels: list[str], tmp_path: Path
) -> None:
    made = {label: ClassGenerator(label, build(PLAN, seed=1)[0]) for label in labels}
    with pytest.raises(ArgumentError, match=r"cannot be saved: .*rename it") as caught:
        GeneratorSet(made).save(tmp_path / "models")
    assert str(caught.value).isprintable()
    assert not (tmp_path / "models").exists()


def test_a_set_without_a_shared_generator_leaves_none_of_another(tmp_path: Path) -> None:
    one = ClassGenerator("a", build(PLAN, seed=1)[0])
    GeneratorSet({"a": one}, shared=ClassGenerator("shared", build(PLAN, seed=2)[0])).save(tmp_path)
    assert load_generators(tmp_path).shared is not None
    GeneratorSet({"a": one}).save(tmp_path)
    assert load_generators(tmp_path).shared is None


def test_a_shared_generator_that_is_gone_is_missed(tmp_path: Path) -> None:
    one = ClassGenerator("a", build(PLAN, seed=1)[0])
    GeneratorSet({"a": one}, shared=ClassGenerator("shared", build(PLAN, seed=2)[0])).save(tmp_path)
    (tmp_path / "_shared/manifest.json").unlink()
    with pytest.raises(BundleError, match="_shared"):
        load_generators(tmp_path)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.int64])
def test_numbers_of_numpy_are_numbers(kind: type) -> None:
    expected = GENERATOR.sample(100, seed=3, start=70)
    assert torch.equal(GENERATOR.sample(kind(100), seed=kind(3), start=kind(70)), expected)
    with pytest.raises(TypeError):
        GENERATOR.sample(2.0)


def test_what_the_caller_has_set_in_torch_changes_no_sample(bundle: Path) -> None:
    expected = GENERATOR.sample(4)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(GENERATOR.sample(4), expected)
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(GENERATOR.sample(4), expected)
        assert load_bundle(bundle).sample(2).dtype == torch.uint8
    finally:
        torch.set_default_dtype(torch.float32)


def test_loading_draws_no_random_numbers(bundle: Path) -> None:
    torch.manual_seed(0)
    load_bundle(bundle)
    after = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(3), after)


def test_a_missing_folder_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="dvc repro"):
        load_generators(tmp_path / "nowhere")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 150), st.integers(0, 150), st.integers(0, 2**40))
def test_image_i_depends_on_seed_and_i_alone(n: int, start: int, seed: int) -> None:
    images = GENERATOR.sample(n, seed=seed, start=start)
    assert images.shape == (n, 3, 5, 8)
    assert images.dtype == torch.uint8
    assert torch.equal(images, GENERATOR.sample(start + n, seed=seed)[start:])


def test_seeds_and_labels_name_different_images() -> None:
    assert not torch.equal(GENERATOR.sample(4, seed=0), GENERATOR.sample(4, seed=1))
    twin = ClassGenerator("y", GENERATOR.network)
    assert not torch.equal(GENERATOR.sample(4), twin.sample(4))
    with pytest.raises(ArgumentError, match="negative"):
        GENERATOR.sample(-1)
