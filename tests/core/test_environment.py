"""The record of what numbers depend on, and of nothing else."""

import getpass
import json
import platform
import socket
import tempfile
from pathlib import Path

import pytest
import torch

from augment.core.environment import environment, multiplies_bf16, resolve_device
from augment.core.errors import ParamsError


def test_versions_and_processor() -> None:
    found = environment("cpu")
    assert found["torch"] == torch.__version__
    assert found["python"] == platform.python_version()
    assert found["device"] == "cpu"
    assert set(found) == {"python", "torch", "numpy", "processor", "cpu_capability", "device"}
    assert environment("cpu") == found == json.loads(json.dumps(found))


def test_nothing_of_the_machines_owner() -> None:
    text = json.dumps(environment("cpu"))
    for own in (socket.gethostname(), getpass.getuser(), str(Path.cwd()), str(Path.home()), tempfile.gettempdir()):
        assert f'"{own}"' not in text


@pytest.mark.parametrize("there", [True, False])
def test_auto_takes_cuda_where_it_is(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert resolve_device("auto") == ("cuda" if there else "cpu")
    assert resolve_device("cpu") == "cpu"


def test_a_missing_gpu_is_said_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("cuda") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ParamsError, match=r"compute\.device: cuda, .* no CUDA device; allowed here are auto and cpu"):
        resolve_device("cuda")


@pytest.mark.parametrize(("amx", "avx512"), [(True, False), (False, True), (False, False)])
def test_bf16_needs_hardware(monkeypatch: pytest.MonkeyPatch, amx: bool, avx512: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    assert multiplies_bf16("cpu") is (amx or avx512)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: amx)
    assert multiplies_bf16("cuda") is amx
