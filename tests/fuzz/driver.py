"""Bytes for a harness: from atheris where it is installed, else from seeds that are changed at random."""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FunctionType

import numpy as np

from augment.core.seeds import numpy_rng
from augment.data.sources.disk import is_plain

Harness = Callable[[bytes], None]
TELLING = [b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 8, b"\r\n", b'"', b",", b"{", b"}", b"NaN", b"-1", b"1e999",
           b"\xef\xbb\xbf", b"\xff\xfe", b"../", b"\\", b"\x1b[2J", "\u202e".encode(), b"\xed\xa0\x80"]  # fmt: skip
MAX_BYTES = 1 << 16


def mutations(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Without end: each of the seeds as it is, then one of them changed one to five times."""
    rng = numpy_rng(seed, "fuzz")
    yield from seeds
    while True:
        content = seeds[rng.integers(len(seeds))]
        for _ in range(rng.integers(1, 6)):
            content = changed(content, seeds, rng)
        yield content[:MAX_BYTES]


def changed(content: bytes, seeds: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """One change: bits, a run of bytes, a cut, a repetition, a telling piece, or the end of another seed."""
    first, last = sorted(rng.integers(0, len(content) + 1, 2).tolist())
    last = min(last, first + int(rng.integers(1, 65)))
    kind = rng.integers(6)
    if kind == 0 and content:
        at = int(rng.integers(len(content)))
        return content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :]
    if kind == 1:
        return content[:first] + rng.bytes(last - first if last > first else 0) + content[last:]
    if kind == 2:
        return content[:first] + content[last:]
    if kind == 3:
        return content[:last] + content[first:last] * int(rng.integers(1, 9)) + content[last:]
    if kind == 4:
        return content[:first] + TELLING[rng.integers(len(TELLING))] + content[first if rng.random() < 0.5 else last :]
    other = seeds[rng.integers(len(seeds))]
    return content[:first] + other[int(rng.integers(len(other) + 1)) :]


def require_readable(message: str) -> None:
    """Something is said, and no control character, line break or half of a pair is in it."""
    assert message
    assert is_plain(message), ascii(message)


def main(harness: Harness, seeds: Sequence[bytes]) -> None:
    """The command line of a harness."""
    try:
        import atheris  # noqa: PLC0415  (the extra `fuzz`)
    except ImportError:
        by_seeds(harness, seeds)
        return
    for function in [found for found in gc.get_objects() if isinstance(found, FunctionType)]:
        if (function.__module__ or "").startswith("augment."):  # what is ours; all of torch would take minutes
            atheris.instrument_func(function)
    with tempfile.TemporaryDirectory() as folder:
        for index, seed in enumerate(seeds):
            Path(folder, str(index)).write_bytes(seed)
        atheris.Setup(
            [*sys.argv, folder], harness
        )  # libFuzzer keeps what it finds in the first folder, if one is given
        atheris.Fuzz()


def by_seeds(harness: Harness, seeds: Sequence[bytes]) -> None:
    """Mutations of the seeds for a number of seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    count, until = 0, time.monotonic() + arguments.seconds
    for content in mutations(seeds, arguments.seed):
        if time.monotonic() > until:
            break
        harness(content)
        count += 1
    print(f"{count} inputs, nothing found (seed {arguments.seed})")
