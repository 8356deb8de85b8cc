"""A generator as a graph draws what it draws itself, without this code and without a trace of where it was made."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from augment import AugmentError, ClassGenerator
from augment.core.seeds import torch_rng
from augment.gan.generators import portable
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLANS = [
    Architecture(network, channels, height, width, latent=5, features=4)
    for network, channels, height, width in (
        ("linear", 1, 5, 6), ("dcgan", 3, 8, 8), ("dcgan", 1, 5, 6), ("dcgan", 1, 3, 3),
        ("residual", 3, 12, 16),
    )
]  # fmt: skip
each_plan = pytest.mark.parametrize("plan", PLANS, ids=str)


def generator(plan: Architecture) -> ClassGenerator:
    """One whose images use the whole range: an untrained one draws grey."""
    network = build(plan, 3)[0]
    last = next(module for module in reversed(list(network.modules())) if getattr(module, "weight", None) is not None)
    with torch.no_grad():
        last.weight.mul_(30)  # type: ignore[union-attr, operator]
    return ClassGenerator("dent", network)


def latents(count: int, plan: Architecture) -> Tensor:
    """Those of the first samples of seed 7."""
    rngs = [torch_rng(7, "latent", "dent", index) for index in range(count)]
    return torch.stack([torch.randn(plan.latent, generator=rng) for rng in rngs])


def within_one_level(found: Tensor, expected: Tensor) -> bool:
    assert found.dtype == torch.uint8
    assert found.shape == expected.shape
    return bool((found.int() - expected.int()).abs().max() <= 1)


@each_plan
def test_an_exported_program_draws_the_samples_after_a_round_trip(plan: Architecture) -> None:
    made = generator(plan)
    file = io.BytesIO()
    torch.export.save(made.exported(), file)
    program = torch.export.load(file).module()
    for count in (1, 2, 9):
        expected = made.sample(count, seed=7)
        assert expected.max() > 200
        assert expected.min() < 50
        assert within_one_level(program(latents(count, plan)), expected)


@each_plan
def test_onnx_runtime_draws_the_samples(plan: Architecture, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    made = generator(plan)
    made.export_onnx(tmp_path / "dent.onnx")
    session = runtime.InferenceSession(tmp_path / "dent.onnx", providers=["CPUExecutionProvider"])
    for count in (1, 2, 9):
        (images,) = session.run(["images"], {"z": latents(count, plan).numpy()})
        assert images.dtype == np.uint8
        assert within_one_level(torch.from_numpy(images), made.sample(count, seed=7))


def test_files_say_nothing_of_the_machine_and_are_equal(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    made, home = generator(PLANS[1]), str(Path(portable.__file__).parent.parent).encode()
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        torch.export.save(made.exported(), file)
    assert files[0].getvalue() == files[1].getvalue()
    with zipfile.ZipFile(files[0]) as archive:
        assert not [name for name in archive.namelist() if home in archive.read(name)]
    for name in "ab":
        made.export_onnx(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"site-packages" not in (tmp_path / "a").read_bytes()
    assert home not in (tmp_path / "a").read_bytes()


def test_a_missing_extra_names_the_pip_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AugmentError, match=r"ONNX needs onnx, onnxscript: pip install 'gan-augment\[onnx\]'"):
        generator(PLANS[0]).export_onnx(tmp_path / "dent.onnx")
    assert not list(tmp_path.iterdir())
