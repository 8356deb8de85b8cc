"""What loading a bundle does to the machine: it runs nothing, writes nothing, and takes little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from augment.data.sources.labels import MAX_INDEX_BYTES
from augment.gan.bundle import load_generators
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from tests.gan.bundles import (
    PLAN,
    write_set,
)

WATCHED = """
import os, sys
import augment
import torch.utils._device  # torch loads this part of itself only when it is used
load, check, root = augment.load_generators, augment.check_bundle, os.fspath(sys.argv[1])
seen = []
sys.addaudithook(lambda event, arguments: seen.append((event, arguments)))
load(root)
check(root)
found = list(seen)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
opened = [arguments for event, arguments in found if event == "open" and not isinstance(arguments[0], int)]
assert len(opened) >= 14, opened
for path, _, flags in opened:
    assert os.fspath(path).startswith(root + os.sep), path
    assert not flags & WRITING, (path, flags)
for event, (descriptor, mode, _) in [one for one in found if one[0] == "open" and isinstance(one[1][0], int)]:
    assert mode == "r", (descriptor, mode)
print(sorted({event for event, _ in found} - {"open", "builtins.id"}))
"""


def test_loading_runs_no_code_and_touches_nothing_but_the_files_of_the_set(tmp_path: Path) -> None:
    """By the audit events of the interpreter: no pickle, exec, import, network or process, and no file but to read."""
    root = write_set(tmp_path / "set")
    done = subprocess.run([sys.executable, "-c", WATCHED, str(root)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"


MEASURED = """
import sys
from pathlib import Path
import augment
from augment.core.errors import BundleError
augment.check_bundle(sys.argv[1])
def peak():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
Path("/proc/self/clear_refs").write_text("5")
before = peak()
try:
    augment.check_bundle(sys.argv[2])
except BundleError as error:
    print(peak() - before, error.code)
else:
    print(peak() - before, "sound")
"""


def in_memory(warm: Path, folder: Path) -> tuple[int, str]:
    """Bytes that checking a folder adds to the peak of a process that has checked another, and how it ends."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(warm), str(folder)], capture_output=True, text=True, check=True
    )
    size, word = done.stdout.split()
    return int(size), word


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are measured by Linux's /proc")
@pytest.mark.parametrize("filling", [b"{},", b"[],", b'{"":0},', b'"",', b'"\xf0\x9f\x98\x80",', b"1.5,", b'{"a":{}},'])
def test_no_index_takes_more_memory_than_twice_its_size_and_64_mib(tmp_path: Path, filling: bytes) -> None:
    warm, root = write_set(tmp_path / "warm"), write_set(tmp_path / "set")
    room = MAX_INDEX_BYTES - 100
    made = b'{"classes":[' + filling * (room // len(filling))
    (root / "index.json").write_bytes(made[:-1] + b'],"format":2}')
    taken, word = in_memory(warm, root)
    print(f"{filling!r}: {taken / 2**20:.0f} MiB for {MAX_INDEX_BYTES / 1e6} MB")
    assert word == "bad_value"
    assert taken <= 2 * MAX_INDEX_BYTES + 64 * 2**20


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are measured by Linux's /proc")
def test_large_weights_take_no_more_memory_than_twice_their_size_and_64_mib(tmp_path: Path) -> None:
    warm, root = write_set(tmp_path / "warm"), tmp_path / "large"
    plan = Architecture("dcgan", 3, 32, 32, latent=64, features=128)
    ClassGenerator("a", build(plan, 0)[0]).save(root)
    size = (root / "generator.safetensors").stat().st_size
    taken, word = in_memory(warm, root)
    print(f"{taken / 2**20:.0f} MiB for {size / 2**20:.0f} MiB")
    assert word == "sound"
    assert taken <= 2 * size + 64 * 2**20


def test_an_index_of_a_thousand_classes_can_be_read(tmp_path: Path) -> None:
    network = build(PLAN, 0)[0]
    one = ClassGenerator("0" * 500, network)
    labels = [f"{number:0500d}" for number in range(1000)]
    GeneratorSet({labels[0]: one}, dict.fromkeys(labels[1:], "collapsed at step 1200")).save(tmp_path)
    assert len(load_generators(tmp_path).classes) == 1000
