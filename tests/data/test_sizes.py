"""Working and judged size of a set."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment.data.cleaning import examine
from augment.data.decoding import pool
from augment.data.decoding.take import Wanted
from augment.data.prepare import prepare
from augment.data.sizes import SIDES, auto_size, judged_size, suggested_size, usual_minutes
from augment.measure.backbone.backbone import MAX_SIDE_PX
from augment.params import Ingest
from tests.data.corpus import FILES, encode, noise, write_set

STORED = st.integers(2, 3000)
SETS = st.dictionaries(st.tuples(STORED, STORED), st.integers(1, 5), min_size=1, max_size=5).map(Counter)


def test_suggested_size_keeps_the_median_aspect() -> None:
    assert suggested_size({(600, 800): 3, (10, 10): 1}, 64) == (48, 64)
    assert suggested_size({(24, 40): 1}, 64) == (24, 40)
    assert suggested_size({(3, 3000): 1}, 64) == (2, 64)


def test_judged_size_is_native_capped_at_what_a_backbone_sees() -> None:
    assert judged_size(Counter({(533, 400): 5}), (64, 48)) == (299, 224)  # 224 / 48 * 64
    assert judged_size(Counter({(120, 160): 5}), (24, 32)) == (120, 160)
    assert judged_size(Counter({(8, 8): 5}), (8, 8)) == (8, 8)
    assert judged_size(Counter({(8, 8): 5}), (16, 20)) == (16, 20)  # a GAN's images are not shrunk


def test_judged_size_takes_the_median_shorter_side_whichever_way_images_lie() -> None:
    assert judged_size(Counter({(100, 150): 2, (150, 100): 2, (900, 900): 1}), (32, 32)) == (100, 100)


@given(SETS, st.tuples(st.integers(2, 256), st.integers(2, 256)))
def test_judged_size_keeps_the_aspect_and_is_no_smaller(
    sizes: Counter[tuple[int, int]], working: tuple[int, int]
) -> None:
    judged = judged_size(sizes, working)
    assert all(side >= own for side, own in zip(judged, working, strict=True))
    assert min(judged) <= max(MAX_SIDE_PX, min(working))
    scale = min(judged) / min(working)
    assert all(abs(side - own * scale) <= 0.5 + 1e-6 for side, own in zip(judged, working, strict=True))


@pytest.mark.parametrize(
    ("classes", "size"),
    [(2, (48, 36)), (10, (32, 24)), (23, (32, 24)), (60, (24, 18)), (100, (16, 12)), (500, (16, 12))],
)
def test_auto_size_by_the_number_of_classes(classes: int, size: tuple[int, int]) -> None:
    """(36 + classes) (320 + H W) / 1600 minutes, at most 50: 38 * 2048 / 1600 = 48.6 at 48x36 for two classes."""
    assert auto_size({(533, 400): 7}, classes) == size
    assert usual_minutes((48, 36), 2) == pytest.approx(48.64)


@given(SETS, st.integers(1, 200))
def test_auto_size_is_the_largest_in_time(sizes: Counter[tuple[int, int]], classes: int) -> None:
    size = auto_size(sizes, classes)
    candidates = [suggested_size(sizes, side) for side in SIDES]
    assert size in candidates
    in_time = [one for one in candidates if usual_minutes(one, classes) <= 50]
    assert size == (in_time[0] if in_time else candidates[-1])
    more = auto_size(sizes, classes + 10)
    assert more[0] * more[1] <= size[0] * size[1], "more classes, smaller images"


def test_auto_is_settled_by_headers_and_gives_what_the_size_by_itself_gives(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", height=90, width=120)
    (tmp_path / "raw" / "cat" / "one.png").write_bytes(encode(noise(1, 300, 500)))
    (tmp_path / "raw" / "cat" / "broken.png").write_bytes(b"no image")
    ingest = Ingest(source="folder", path=str(tmp_path / "raw"), size="auto")
    found = prepare(ingest, 0, tmp_path / "auto")
    assert "size: auto is 36x48 for 2 classes (ingest.size)" in found.notes
    prepare(ingest.model_copy(update={"size": (36, 48)}), 0, tmp_path / "by_hand")
    files = sorted(path.relative_to(tmp_path / "auto") for path in (tmp_path / "auto").rglob("*") if path.is_file())
    assert len(files) > 8
    for file in files:
        assert (tmp_path / "auto" / file).read_bytes() == (tmp_path / "by_hand" / file).read_bytes(), file


def test_auto_of_a_built_in_set_and_of_none() -> None:
    assert examine(Ingest(source="digits", size="auto")).shape == (1, 8, 8)
    assert auto_size({(8, 8): 3}, 10) == (8, 8)


def test_auto_of_a_folder_without_images_is_told_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_bytes(b"nothing")
    findings = examine(Ingest(source="folder", path=str(tmp_path), size="auto"))
    assert "too_few" in {blocker.code for blocker in findings.blockers}


def test_headers_tell_the_size_that_decoding_finds(tmp_path: Path) -> None:
    """Of every kind of file that can be used, those that EXIF turns among them."""
    for name, (content, outcome, _) in FILES.items():
        if outcome in ("ok", "fixed"):
            (tmp_path / Path(name).name).write_bytes(content)
    for value in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = value
        for form in ("JPEG", "PNG", "TIFF", "WEBP"):
            (tmp_path / f"{value}.{form.lower()}").write_bytes(encode(noise(value, 20, 30), form, exif=exif))
    files = [(str(path), path.name) for path in sorted(tmp_path.iterdir())]
    wanted = Wanted(50, 50_000_000, 255, False, None)
    decoded = {files[at][1]: taken.size for at, taken in pool.take_all(files, wanted) if not taken.code}
    headers = {files[at][1]: taken for at, taken in pool.take_all(files, replace(wanted, headers=True))}
    told = {name: taken.size for name, taken in headers.items() if not taken.code}
    assert told == {name: size for name, size in decoded.items() if name in told}
    assert {*decoded} - {*told} <= {"no_exif.png"}, "what decoding strips"
    assert decoded["6.jpeg"] == (30, 20)
    assert all(taken.pixels is None for taken in headers.values())
