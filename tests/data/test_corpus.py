"""Sixty-four inputs that people really have: what `augment check` and ingest must say of each; and the sum rule.

A file is ok, fixed, quarantined, ignored, or stops the run; nothing on disk is without one of these.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augment.commands import check
from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.data.decoding import pool
from augment.data.decoding.take import Taken, Wanted
from augment.data.prepare import prepare
from augment.data.sources.disk import shown
from augment.params import Params
from tests.data.corpus import FILES, JPEG, SPECIAL, encode, noise, write_item, write_set

Make = Callable[[Path], None]
HAZARDS = {"non_utf8", "self_link", "broken_link", "fifo", "device"}  # ingest has a word for these, `dvc repro` fails


@dataclass(frozen=True)
class Item:
    """Items of tests/data/corpus.py, put into a class; their outcome and code stand there.

    says: part of what is said of the first; note: how a note about the set begins
    """

    names: tuple[str, ...]
    says: str = ""
    note: str = ""


@dataclass(frozen=True)
class Tree:
    """A change of a whole set, and what becomes of it. settings: of `ingest`, beside size 16.

    files: (path, outcome, code) that must be among those of `check`, `*` for the set; says: part of what is said
    """

    make: Make
    files: tuple[tuple[str, str, str], ...] = ()
    says: str = ""
    note: str = ""
    settings: tuple[tuple[str, object], ...] = ()


def item(*names: str, says: str = "", note: str = "") -> Item:
    return Item(names, says, note)


def labels(*names: str | bytes) -> Make:
    """Class folders, each with images."""

    def make(root: Path) -> None:
        for number, name in enumerate(names):
            folder = root / os.fsdecode(name)
            for i in range(6):
                folder.mkdir(exist_ok=True)
                (folder / f"{i}.png").write_bytes(encode(noise(1000 + 10 * number + i)))

    return make


def files(**contents: bytes) -> Make:
    """Files by path; `__` stands for a slash and `_DOT_` for a dot."""

    def make(root: Path) -> None:
        for key, content in contents.items():
            path = root / key.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return make


def remove_all(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def replace_by_archive(root: Path) -> None:
    remove_all(root)
    root.rmdir()
    root.write_bytes(b"PK\3\4")


def one_class(root: Path) -> None:
    for path in (root / "dog").iterdir():
        path.unlink()
    (root / "dog").rmdir()


def unreadable(root: Path) -> None:
    (root / "cat/locked.png").write_bytes(encode(noise(60)))
    (root / "cat/locked.png").chmod(0)


def near_duplicate(root: Path) -> None:
    smooth = np.clip(np.add.outer(np.arange(48) * 2, np.sin(np.arange(48) / 5) * 60) + 60, 0, 255).astype(np.uint8)
    for label, level in (("cat", 0), ("dog", 6)):
        (root / label / "twin.png").write_bytes(encode(smooth + np.uint8(level)))


def declared_twice(root: Path) -> None:
    for name in ("a", "b"):
        (root / f"cat/{name}.png").write_bytes(encode(noise(61)))
    (root / "meta.csv").write_text("path,split\ncat/a.png,train\ncat/b.png,test\ndog/0.png,test\n")


def flipped_scan() -> bytes:
    """A bit inside the compressed pixels, which still decode."""
    position = len(JPEG) - 40
    return JPEG[:position] + bytes([JPEG[position] ^ 1]) + JPEG[position + 1 :]


def bad_checksum() -> bytes:
    content = encode(noise(62))
    return content[:29] + bytes(4) + content[33:]


NFC, NFD = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")
SAME = encode(noise(63))

CORPUS: dict[int, Item | Tree] = {
    1: item("empty.png", says="no content"),
    2: item("text.png", says="text"),
    3: item("page.jpg", says="an HTML page"),
    4: item("array.png", "pickle.png", says="a NumPy array"),
    5: item("half.jpg", says="end too early"),
    6: item("two_bytes_less.jpg", says="end too early"),
    7: item("no_end.png", "half.png", says="end too early"),
    8: Tree(files(cat__crc_DOT_png=bad_checksum()), (("cat/crc.png", "quarantined", "corrupt"),), "damaged"),
    9: item("header_only.jpg", says="end too early"),
    10: item("wrong_name.jpg"),
    11: item("no_extension", "upper.JPEG", "mixed.Png"),
    12: item("cmyk.jpg"),
    13: item("grey.png", note="mixed_modes: 1 grey and 12 colour files"),
    14: item("grey16.png"),
    15: item("nan.tif", "float.tif", says="NaN"),
    16: item("one_bit.png", "la.png", "palette.png", "transparent_palette.png", "rgba.png"),
    17: item("invisible.png", says="every pixel is transparent"),
    18: item("turned.jpg"),
    19: item("text_bomb.png", "bad_exif.jpg", "no_exif.png", says="unreasonable size"),
    20: item("animated.gif", "animated.png", "animated.webp", says="several frames"),
    21: item("pages.tif", says="several pages"),
    22: item("dot.png", "line.png", says="at least 2 each way"),
    23: item("zero_height.png", "no_screen.gif", says="damaged"),
    24: item("bomb.png", says="more pixels than Pillow decodes"),
    25: item("large.png", says="ingest.max_pixels"),
    26: item("sparse", says="ingest.max_file_mb"),
    27: item("drawing.eps", "page.pdf", "drawing.svg", "old.gd", "sky.fits", "phone.heic", says="EPS"),
    28: item("loop.tif", says="leads back to itself"),
    29: item("polyglot.jpg", "polyglot.png", "polyglot.gif", "polyglot.webp", "polyglot.bmp", "polyglot.tif"),
    30: item("progressive.jpg"),
    31: Tree(files(cat__flip_DOT_jpg=flipped_scan()), (("cat/flip.jpg", "ok", ""),)),
    32: item("small.png", "photo.png", says="from 8x12"),
    33: Tree(labels("Owl", "owl"), (("Owl", "stop", "class_case_clash"),), "upper and lower case"),
    34: Tree(labels(NFC, NFD), ((NFC, "stop", "class_unicode_clash"),), "composition"),
    35: Tree(labels("my class", "🐈", "猫"), (("🐈/0.png", "ok", ""), ("my class/0.png", "ok", ""))),
    36: Tree(labels("n" * 255), (("n" * 255 + "/0.png", "ok", ""),)),
    37: Tree(labels("; rm -rf x", "$(x)", "`x`"), (("$(x)/0.png", "ok", ""), ("; rm -rf x/0.png", "ok", ""))),
    38: Tree(labels("...", "-rf", "CON", ".x"), (("-rf/0.png", "ok", ""), ("CON/0.png", "ok", ""),
             (".x/0.png", "ignored", "hidden")), note="hidden: '.x' begins with a dot"),
    39: Tree(labels("a\nb"), (("a\\nb", "stop", "class_bad_name"),), "rename the class"),
    40: Tree(labels("a@b", "${x}", "%", "'"), (("a@b/0.png", "ok", ""), ("${x}/0.png", "ok", ""))),
    41: Tree(labels(b"caf\xe9"), (("caf\\xe9", "stop", "class_bad_name"),), "rename the class"),
    42: item("non_utf8"),
    43: item("a" * 251 + ".png", '-rf $(touch x); `y` "z".png'),
    44: item(".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/._a.png"),
    45: item("inner/deep/a.png"),
    46: Tree(files(a_DOT_png=SAME), (("a.png", "stop", "loose_files"),), "a.png"),
    47: item("loop", "self_link", says="leads to itself"),
    48: item("link_outside", says="leads out of the folder"),
    49: item("broken_link", says="a link to nothing"),
    50: item("fifo", "device", says="not a regular file"),
    51: item("folder", says="a folder named like an image"),
    52: Tree(unreadable, (("cat/locked.png", "stop", "dvc_cannot_pass"),), "may not be read"),
    53: Tree(files(cat__gone_DOT_png=SAME), (("cat/gone.png", "quarantined", "changed_during_read"),), "removed"),
    54: Tree(lambda root: (root / "void").mkdir(), (("void", "stop", "empty_class"),), "delete the folder"),
    55: Tree(files(few__0_DOT_png=SAME), (("few", "stop", "too_few"),), "1 usable of 1 files, at least 5"),
    56: Tree(one_class, (("*", "stop", "one_class"),), "at least two classes"),
    57: Tree(lambda root: write_set(root, ("much",), each=300), (("much/0.png", "ok", ""),), note="imbalance: 'much'"),
    58: Tree(files(cat__x_DOT_png=SAME, cat__y_DOT_png=SAME), (("cat/x.png", "ok", ""),
             ("cat/y.png", "fixed", "dedup")), "equal to cat/x.png"),
    59: Tree(files(cat__x_DOT_png=SAME, dog__x_DOT_png=SAME), (("cat/x.png", "stop", "label_conflict"),
             ("dog/x.png", "stop", "label_conflict")), "another label", settings=(("conflicts", "stop"),)),
    60: Tree(near_duplicate, note="near_duplicates: several classes", settings=(("size", 48),)),
    61: Tree(declared_twice, (("cat/a.png", "fixed", "dedup"), ("cat/b.png", "ok", "")), "equal to cat/b.png"),
    62: item("black.png", says="every pixel has the same value"),
    63: Tree(replace_by_archive, (("*", "stop", "archive"),), "unpack it into a folder"),
    64: Tree(files(meta_DOT_csv=b"\xef\xbb\xbfpath,class\r\ncat/0.png,dog\r\ncat/0.png,dog\r\n"),
             (("cat/0.png", "stop", "label_conflict"),), "the folder 'cat'"),
}  # fmt: skip


def test_none_is_left_out() -> None:
    assert list(CORPUS) == list(range(1, 65))


def expected(root: Path, case: Item | Tree) -> list[tuple[str, str, str, str]]:
    """Build the case; what is said of its files: (path, outcome, code in `check`, code in ingest)."""
    if isinstance(case, Tree):
        case.make(root)
        return [(shown(str(root)) if path == "*" else path, outcome, code, code) for path, outcome, code in case.files]
    rows = []
    for name in case.names:
        path, outcome, code = write_item(root / "cat", name)
        stops = ("stop", "dvc_cannot_pass") if name in HAZARDS else (outcome, code)
        rows.append((f"cat/{path}", *stops, code))
    return rows


@pytest.mark.parametrize("number", CORPUS)
def test_check_and_ingest_say_what_they_must(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, root = CORPUS[number], tmp_path / ("set.zip" if number == 63 else "set")
    if number == 52 and os.geteuid() == 0:
        pytest.skip("nothing is unreadable to the superuser")
    write_set(root)
    rows = expected(root, case)
    if number == 53:  # gone between the listing and the reading
        take_all = pool.take_all

        def while_it_is_gone(asked: list[tuple[str, str]], wanted: Wanted) -> Iterator[tuple[int, Taken]]:
            (root / "cat/gone.png").unlink()
            yield from take_all(asked, wanted)
            (root / "cat/gone.png").write_bytes(SAME)

        monkeypatch.setattr(pool, "take_all", while_it_is_gone)
    wanted = {"source": "folder", "path": str(root), "size": 16} | dict(case.settings if isinstance(case, Tree) else ())
    params = Params.model_validate({"ingest": wanted})
    findings = check.inspect(root, params)
    report = check.as_dict(findings)
    found = {(entry["path"], entry["outcome"], entry["code"]) for entry in report["files"]}
    assert found >= {row[:3] for row in rows}
    assert sum(report["counts"].values()) == len(report["files"])
    details = [entry.detail for entry in findings.entries] + [str(blocker) for blocker in findings.blockers]
    assert any(case.says in detail for detail in details)
    assert any(note.startswith(case.note) for note in findings.notes) or not case.note
    assert check.run(root, params, as_json=False) == (1 if any(row[1] == "stop" for row in rows) else 0)
    assert "Traceback" not in capsys.readouterr().out
    of_ingest = {row[0]: row[3] for row in rows}
    if any(row[1] == "stop" and row[3] == row[2] for row in rows):
        with pytest.raises(DataError) as stopped:
            prepare(params.ingest, 0, tmp_path / "out")
        assert rows[0][2] in str(stopped.value) or number == 52
        assert not (tmp_path / "out").exists(), "nothing is written"
        return
    prepare(params.ingest, 0, tmp_path / "out")
    manifest = {row["path"]: row for row in read_csv(tmp_path / "out/manifest.csv")}
    assert {path: manifest[path]["code"] for path in of_ingest} == of_ingest
    assert not case.says or any(case.says in row["detail"] for row in manifest.values())


NAMES = st.sampled_from([*FILES, *sorted(SPECIAL)])
FOLDERS = st.sampled_from(["cat", "dog", "cat/inner", "new class", "Cat", ".hidden", "dog/a.png", "@eaDir", ""])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(FOLDERS, NAMES), max_size=25))
def test_every_name_on_disk_has_one_outcome(
    tmp_path_factory: pytest.TempPathFactory, placed: list[tuple[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    write_set(root)
    for folder, name in placed:
        (root / folder).mkdir(parents=True, exist_ok=True)
        try:
            write_item(root / folder, name)
        except OSError:  # the name is taken by something of another kind
            continue
    on_disk = []
    for place, folders, names in os.walk(root):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        on_disk += [os.path.relpath(os.path.join(place, name), root) for name in [*names, *links]]  # noqa: PTH118
    params = Params.model_validate({"ingest": {"source": "folder", "path": str(root), "size": 16}})
    findings = check.inspect(root, params)
    told = Counter(entry.path for entry in findings.entries if entry.code != "directory")
    assert told == Counter(shown(name) for name in on_disk)
    assert all(entry.outcome in ("ok", "fixed", "quarantined", "ignored", "stop") for entry in findings.entries)
    assert all(entry.detail for entry in findings.entries if entry.outcome in ("quarantined", "ignored", "stop"))
