"""Bundles: exact on the way out and in, and suspicious."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import ArgumentError, BundleError
from augment.core.files import sha256, sha256_json
from augment.gan.bundle import load_bundle, load_generators
from augment.gan.generators import ClassGenerator, GeneratorSet, network_from
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLAN = Architecture("dcgan", 3, 5, 8, latent=4, features=4)
LABEL = 'a "b"; $(x) \N{SNOWMAN}'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    ClassGenerator(LABEL, build(PLAN, seed=1)[0], {"steps": 3}, {"torch": "x"}).save(tmp_path / "m")
    return tmp_path / "m"


GENERATOR = ClassGenerator("x", build(PLAN, seed=1)[0])


def resign(folder: Path, **changes: object) -> None:
    """Change the manifest and make its own hash right again."""
    path = folder / "manifest.json"
    values = {**json.loads(path.read_text()), **changes}
    values["sha256"] = sha256_json({key: value for key, value in values.items() if key != "sha256"})
    path.write_text(json.dumps(values))


def test_round_trip(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    original = ClassGenerator(LABEL, network_from(PLAN, build(PLAN, seed=1)[0].state_dict()))
    assert loaded.label == LABEL
    assert loaded.shape == (3, 5, 8)
    assert torch.equal(loaded.sample(5, seed=2), original.sample(5, seed=2))


@pytest.mark.parametrize("network", ["linear", "residual"])
def test_the_other_networks_travel_too(tmp_path: Path, network: str) -> None:
    plan = dataclasses.replace(PLAN, network=network)
    weights = build(plan, seed=1)[0].state_dict()
    ClassGenerator(LABEL, network_from(plan, weights)).save(tmp_path / network)
    loaded = load_bundle(tmp_path / network)
    assert torch.equal(loaded.sample(5, seed=2), ClassGenerator(LABEL, network_from(plan, weights)).sample(5, seed=2))
    resign(tmp_path / network, network="dcgan")
    with pytest.raises(BundleError, match="do not fit"):
        load_bundle(tmp_path / network)


@pytest.mark.parametrize("name", ["manifest.json", "generator.safetensors"])
def test_a_pipe_in_a_files_place_keeps_nobody_waiting(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    with pytest.raises(BundleError, match=f"{name}: not a regular file"):
        load_bundle(bundle)


def test_equal_generators_give_equal_bytes(bundle: Path, tmp_path: Path) -> None:
    ClassGenerator(LABEL, build(PLAN, seed=1)[0], {"steps": 3}, {"torch": "x"}).save(tmp_path / "n")
    for name in ("manifest.json", "generator.safetensors"):
        assert (bundle / name).read_bytes() == (tmp_path / "n" / name).read_bytes()


@pytest.mark.parametrize("name", ["manifest.json", "generator.safetensors"])
def test_any_flipped_byte_is_refused(bundle: Path, name: str) -> None:
    path = bundle / name
    content = path.read_bytes()
    for position in range(0, len(content), 1 if name == "manifest.json" else 97):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(BundleError):
            load_bundle(bundle)
    path.write_bytes(content)
    load_bundle(bundle)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "os.system"}, "network"),
        ({"latent": 5}, "do not fit"),
        ({"height": 100_000}, "height"),
        ({"latent": 10**9}, "latent"),
        ({"_target_": "x"}, "_target_"),
        ({"format": 2}, "format"),
    ],
)
def test_a_wrong_manifest_is_refused_by_name(bundle: Path, changes: dict[str, object], words: str) -> None:
    resign(bundle, **changes)
    with pytest.raises(BundleError, match=words):
        load_bundle(bundle)


def test_a_manifest_with_nan_is_refused(bundle: Path) -> None:
    path = bundle / "manifest.json"
    path.write_text(path.read_text().replace('"steps": 3', '"steps": NaN'))
    with pytest.raises(BundleError, match="not JSON"):
        load_bundle(bundle)


def test_numbers_that_are_not_finite_are_refused(bundle: Path) -> None:
    path = bundle / "generator.safetensors"
    weights = safetensors.torch.load(path.read_bytes())
    weights["project.weight"][0, 0] = float("nan")
    content = safetensors.torch.save(weights)
    path.write_bytes(content)
    resign(bundle, weights_sha256=sha256(content))
    with pytest.raises(BundleError, match="finite"):
        load_bundle(bundle)


def test_an_oversized_file_is_not_read(bundle: Path) -> None:
    with (bundle / "generator.safetensors").open("r+b") as stream:
        stream.truncate(10**9)
    with pytest.raises(BundleError, match="at most"):
        load_bundle(bundle)


def test_index_names_every_class(bundle: Path, tmp_path: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    bundle.rename(tmp_path / manifest["slug"])
    index = {
        LABEL: {"slug": manifest["slug"], "status": "trained", "reason": ""},
        "z": {"slug": "z", "status": "failed", "reason": "collapsed"},
    }
    (tmp_path / "index.json").write_text(json.dumps({"classes": index}))
    generators = load_generators(tmp_path)
    assert list(generators) == [LABEL]
    assert generators.class_to_idx == {LABEL: 0, "z": 1}
    with pytest.raises(KeyError, match="collapsed"):
        generators["z"]
    index[LABEL]["slug"] = "../m"
    (tmp_path / "index.json").write_text(json.dumps({"classes": index}))
    with pytest.raises(BundleError, match="must be in folder"):
        load_generators(tmp_path)


@pytest.mark.parametrize("content", ["[" * 100_000, json.dumps({"classes": {"\ud800": {}}}), "[]", "{"])
def test_an_index_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(BundleError, match=r"index\.json: not an index of generators"):
        load_generators(tmp_path)


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
