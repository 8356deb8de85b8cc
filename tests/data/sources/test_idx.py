"""IDX: written by hand from the format's definition, read back exactly, and every fault named."""

import gzip
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.commands import check, setup
from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.data.sources import folder, idx
from augment.params import Ingest, Params, load

NAMES = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("t10k", "images"): "t10k-images-idx3-ubyte",
    ("t10k", "labels"): "t10k-labels-idx1-ubyte",
}


def image_bytes(images: np.ndarray) -> bytes:
    return struct.pack(">4I", 2051, *images.shape) + images.tobytes()


def label_bytes(labels: np.ndarray) -> bytes:
    return struct.pack(">2I", 2049, len(labels)) + labels.astype(np.uint8).tobytes()


def some(count: int, seed: int = 0, height: int = 6, width: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width), dtype=np.uint8), np.arange(count) % 3


def write(root: Path, train: int = 60, test: int = 30) -> None:
    root.mkdir(exist_ok=True)
    for seed, (side, count) in enumerate({"train": train, "t10k": test}.items()):
        images, labels = some(count, seed)
        if count:
            (root / NAMES[side, "images"]).write_bytes(image_bytes(images))
            (root / NAMES[side, "labels"]).write_bytes(label_bytes(labels))


def ingest(root: Path, **values: object) -> Ingest:
    return Ingest(source="idx", path=str(root), **values)


def stops(root: Path, most: int = 50) -> list[tuple[str, str, str]]:
    return [(blocker.path, blocker.code, blocker.message) for blocker in idx.read_idx(root, most)[1]]


@given(st.integers(0, 2**31), st.tuples(*[st.integers(1, 7)] * 3))
def test_bytes_become_the_same_array(seed: int, shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    content = struct.pack(">4I", 0x00000803, *shape) + bytes(images.ravel().tolist())
    assert np.array_equal(idx.parse_idx(content, 2051), images)


def test_their_test_is_the_test_split_and_every_image_is_accounted_for(tmp_path: Path) -> None:
    write(tmp_path / "raw")
    (tmp_path / "raw" / "README.md").touch()
    found = prepare(ingest(tmp_path / "raw"), 0, tmp_path / "out")
    rows = read_csv(tmp_path / "out" / "manifest.csv")
    assert Counter(row["outcome"] for row in rows) == {"ok": 90, "ignored": 5}
    test = ImageSet.load(tmp_path / "out" / "test")
    images, labels = some(30, seed=1)
    order = [int(source.split("/")[1]) for source in test.sources]
    assert sorted(order) == list(range(30))
    assert np.array_equal(test.images[:, 0], images[order])
    assert test.labels.tolist() == [str(labels[number]) for number in order]
    assert all(source.startswith("t10k-images-idx3-ubyte/") for source in test.sources)
    assert {entry.split for entry in found.usable if entry.path.startswith("train")} == {"train", "val"}


def test_without_theirs_a_test_split_is_drawn(tmp_path: Path) -> None:
    write(tmp_path, test=0)
    found = prepare(ingest(tmp_path), 0, tmp_path / ".out")
    assert Counter(entry.split for entry in found.usable) == {"train": 33, "val": 9, "test": 18}


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("packed", ["no", "yes", "name only", "content only"])
def test_names_with_dots_and_gzip_read_the_same(tmp_path: Path, dotted: bool, packed: str) -> None:
    write(tmp_path / "plain")
    (tmp_path / "other").mkdir()
    for name in NAMES.values():
        content = (tmp_path / "plain" / name).read_bytes()
        renamed = name.replace("-idx", ".idx") if dotted else name
        renamed += ".gz" if packed in ("yes", "name only") else ""
        content = gzip.compress(content) if packed in ("yes", "content only") else content
        (tmp_path / "other" / renamed).write_bytes(content)
    assert folder.detect(tmp_path / "other") == "idx"
    plain, other = (idx.read_idx(tmp_path / name, 50) for name in ("plain", "other"))
    assert plain[1] == other[1] == []
    pixels = [[entry.pixels for entry in found if entry.pixels is not None] for found, _ in (plain, other)]
    assert np.array_equal(*pixels)
    assert len(pixels[0]) == 90


TRAIN = NAMES["train", "images"]
FAULTS = {
    "cut short": (TRAIN, lambda content: content[:-1], "idx_damaged", "cut short: 60 x 6 x 5 declared, 1799 of 1800"),
    "header cut": (TRAIN, lambda content: content[:7], "idx_damaged", "7 bytes, the header alone has 16"),
    "empty": (TRAIN, lambda content: b"", "idx_damaged", "0 bytes, the header alone has 16"),
    "wrong magic": (TRAIN, lambda c: b"\0\0\x0d\x03" + c[4:], "idx_damaged", "begins with the number 3331, and 2051"),
    "labels as images": (TRAIN, lambda _: label_bytes(np.arange(60)), "idx_damaged", "the number 2049, and 2051"),
    "wrong count": (TRAIN, lambda c: struct.pack(">2I", 2051, 59) + c[8:], "idx_damaged", "wrong count: 59 x 6 x 5"),
    "absurd count": (TRAIN, lambda c: b"\0\0\x08\3" + b"\xff" * 12 + c[16:], "idx_damaged", "1800 of 792281"),
    "fewer labels": (
        NAMES["train", "labels"], lambda _: label_bytes(np.arange(59)), "idx_mismatch", "60 images, and .* 59 labels",
    ),
    "gzip cut": (TRAIN, lambda content: gzip.compress(content)[:-9], "idx_damaged", "cut short"),
    "gzip damaged": (
        TRAIN, lambda c: (z := gzip.compress(c))[:40] + bytes([z[40] ^ 255]) + z[41:], "idx_damaged", "gzip|damaged",
    ),
    "no images": (TRAIN, lambda _: image_bytes(np.zeros((0, 6, 5), np.uint8)), "idx_mismatch", "0 images"),
    "one pixel": (TRAIN, lambda _: image_bytes(np.zeros((60, 1, 1), np.uint8)), "too_small", "1 x 1 pixels"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_one_clear_message(tmp_path: Path, name: str) -> None:
    file, change, code, words = FAULTS[name]
    write(tmp_path)
    (tmp_path / file).write_bytes(change((tmp_path / file).read_bytes()))
    ((path, found, message),) = stops(tmp_path)
    assert (path, found) == (TRAIN, code)
    with pytest.raises(DataError, match=words) as caught:
        prepare(ingest(tmp_path), 0, tmp_path / ".out")
    assert message in str(caught.value)
    assert not (tmp_path / ".out").exists()


def test_missing_and_doubled_files(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / NAMES["t10k", "labels"]).unlink()
    (tmp_path / f"{TRAIN}.gz").write_bytes(gzip.compress((tmp_path / TRAIN).read_bytes()))
    assert [(path, code) for path, code, _ in stops(tmp_path)] == [(TRAIN, "idx_twice"), (str(tmp_path), "idx_missing")]
    assert "no file with the labels of `t10k`" in stops(tmp_path)[1][2]
    ((_, code, message),) = stops(tmp_path / "nowhere")
    assert code == "missing"
    assert TRAIN in message


def test_a_file_may_not_unpack_beyond_the_limit(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / TRAIN).write_bytes(gzip.compress(struct.pack(">4I", 2051, 2000, 32, 32) + bytes(2_048_000)))
    ((path, code, message),) = stops(tmp_path, most=1)
    assert (path, code) == (TRAIN, "file_too_big")
    assert "ingest.max_file_mb" in message


def test_blank_and_equal_images_are_accounted_for(tmp_path: Path) -> None:
    write(tmp_path)
    images, labels = some(60)
    images[4], images[6] = 7, images[9]
    (tmp_path / TRAIN).write_bytes(image_bytes(images))
    assert labels[6] == labels[9]
    found = prepare(ingest(tmp_path), 0, tmp_path / ".out")
    codes = {entry.path: entry.code for entry in found.entries if entry.code not in ("", "idx")}
    assert codes == {f"{TRAIN}/04": "blank", f"{TRAIN}/09": "dedup"}


def test_check_and_init_know_an_idx_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "raw")
    report = check.as_dict(check.inspect(tmp_path / "raw", Params()))
    assert report["classes"] == {"0": 30, "1": 30, "2": 30}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("ingest:\n  source: digits\n")
    assert setup.run(Path("raw")) == 0
    settled = load(tmp_path / "params.yaml").ingest
    assert (settled.source, settled.path, settled.color, settled.size) == ("idx", "raw", "grey", None)
    (tmp_path / "raw" / TRAIN).write_bytes(b"")
    with pytest.raises(DataError, match="idx_damaged"):
        setup.run(Path("raw"))
    assert check.run(Path("raw"), load(tmp_path / "params.yaml"), as_json=False) == 1
    assert "cut short" in capsys.readouterr().out
