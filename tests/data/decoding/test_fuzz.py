"""Twenty thousand damaged files of every format through real workers: each gets a known code, none ends its process."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from augment.data.decoding import pool
from augment.data.decoding.take import Wanted
from tests.data.corpus import FILES

COUNT = 20_000
CODES = {
    *("", "empty_file", "not_an_image", "format_not_allowed", "truncated", "corrupt", "metadata_bomb", "scan_bomb"),
    *("out_of_memory", "too_large", "odd_aspect", "too_small", "animated", "multipage", "bad_pixels"),
    *("fully_transparent", "blank"),
}  # and neither `crashed` nor `timeout`
HEAD_BYTES = 600  # where headers and tables are
MAX_SEED_BYTES = 20_000
SPECIAL_VALUES = (0, 1, 0x7F, 0x80, 0xFF)


def mutated(seed: bytes, other: bytes, random: np.random.Generator) -> bytes:
    """Bytes changed, cut off, taken out, doubled, or spliced with those of another file."""
    content = bytearray(seed)
    for _ in range(random.integers(1, 5)):
        reach = max(1, min(len(content), HEAD_BYTES if random.random() < 0.7 else len(content)))
        start = int(random.integers(reach))
        stop = start + int(random.integers(1, 64))
        match int(random.integers(6)):
            case 0:
                content[start : start + 1] = bytes([content[start] ^ 1 << int(random.integers(8))]) if content else b""
            case 1:
                content[start : start + 4] = bytes([int(random.choice(SPECIAL_VALUES))]) * int(random.integers(1, 5))
            case 2:
                content = content[: int(random.integers(len(content) + 1))] if random.random() < 0.2 else content
            case 3:
                del content[start : stop if random.random() < 0.5 else start + 1]
            case 4:
                content[start:start] = content[start:stop] * int(random.integers(1, 4))
            case _:
                content[start:stop] = other[start:stop]
    return bytes(content)


@pytest.mark.parametrize("size", [None, (8, 8)])
def test_no_damaged_file_is_too_much(tmp_path: Path, size: tuple[int, int] | None) -> None:
    seeds = [content for content, *_ in FILES.values() if 0 < len(content) < MAX_SEED_BYTES]
    files = []
    for number in range(COUNT // 2):
        random = np.random.default_rng([number, size is None])
        seed, other = (seeds[int(random.integers(len(seeds)))] for _ in range(2))
        path = tmp_path / f"{number}"
        path.write_bytes(mutated(seed, other, random))
        files.append((str(path), path.name))
    found = dict(pool.take_all(files, Wanted(50, 50_000_000, 255, False, size)))
    assert sorted(found) == list(range(len(files))), "a file is not accounted for"
    codes = Counter(taken.code for taken in found.values())
    assert set(codes) <= CODES, [files[i] for i, taken in found.items() if taken.code not in CODES]
    assert codes[""] > COUNT / 40, "hardly any file is decoded: the mutations tell nothing"
    assert len(codes) > 8
    print(f"{len(files)} mutated files: {dict(codes.most_common())}")
