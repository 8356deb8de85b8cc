"""What programs leave beside images is no image, is counted, and is told where somebody may miss it."""

from pathlib import Path

import pytest

from augment.data.cleaning import examine
from augment.params import Ingest
from tests.data.corpus import encode, noise, write_set


def outcome(root: Path, name: str, content: bytes) -> tuple[str, str]:
    write_set(root)
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(content)
    found = examine(Ingest(source="folder", path=str(root)))
    assert set(found.counts()) == {"cat", "dog"}
    (entry,) = (entry for entry in found.entries if entry.path == name)
    return entry.outcome, entry.code


IMAGE = encode(noise(7))


@pytest.mark.parametrize("folder", ["", "cat/"])
@pytest.mark.parametrize(
    "name",
    [
        "@eaDir/0.png/SYNOPHOTO_THUMB_S.png",
        ".thumbnails/0.png",
        "._0.png",
        ".ipynb_checkpoints/0-checkpoint.png",
        "Thumbs.db",
        ".picasa.ini",
        "Picasa.ini",
        ".@__thumb/s800.png",
        "$RECYCLE.BIN/0.png",
        "System Volume Information/x.png",
        "lost+found/1.png",
        "__pycache__/x.pyc",
        ".AppleDouble/0.png",
        "@Recycle/0.png",
        "#recycle/0.png",
    ],
)
def test_what_systems_keep_for_themselves(tmp_path: Path, folder: str, name: str) -> None:
    assert outcome(tmp_path, folder + name, IMAGE) == ("ignored", "hidden")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("cat/0.xmp", b"<x/>", ("ignored", "sidecar")),
        ("cat/0.png.xmp", b"<x/>", ("ignored", "sidecar")),
        ("cat/0.JSON", b"{}", ("ignored", "sidecar")),
        ("cat/0.png.json", b"{}", ("ignored", "sidecar")),
        ("cat/0.txt", b"0 0.5 0.5 1 1", ("ignored", "sidecar")),
        ("cat/other.json", b"{}", ("quarantined", "not_an_image")),
        ("cat/0.txt", IMAGE, ("ok", "")),
        ("cat/0.doc", b"x", ("quarantined", "not_an_image")),
        ("cat/7.png.part", IMAGE, ("quarantined", "partial")),
        ("cat/7.jpg.crdownload", b"", ("quarantined", "partial")),
        ("cat/Unconfirmed 12.crdownload", IMAGE[:100], ("quarantined", "partial")),
        ("cat/7.PNG.Tmp", IMAGE, ("quarantined", "partial")),
        ("cat/x.tmp", b"words", ("ignored", "hidden")),
        ("cat/~$list.xlsx", b"\5user", ("ignored", "hidden")),
        ("cat/0.lrprev", b"AgHg", ("ignored", "hidden")),
    ],
)
def test_what_programs_leave_in_a_class(tmp_path: Path, name: str, content: bytes, expected: tuple[str, str]) -> None:
    assert outcome(tmp_path, name, content) == expected


def test_a_mask_by_name_is_no_image_of_the_class(tmp_path: Path) -> None:
    write_set(tmp_path)
    names = [path.stem for path in sorted((tmp_path / "cat").iterdir())][:2]
    for number, name in enumerate((f"{names[0]}_mask", f"{names[1]}_mask_1", "nobody_mask")):
        (tmp_path / "cat" / f"{name}.png").write_bytes(encode(noise(90 + number)))
    found = examine(Ingest(source="folder", path=str(tmp_path)))
    assert {entry.path for entry in found.entries if entry.code == "mask"} == {
        f"cat/{names[0]}_mask.png", f"cat/{names[1]}_mask_1.png"
    }  # fmt: skip
    assert any("2 files such as cat/" in note and "masks" in note for note in found.notes)
