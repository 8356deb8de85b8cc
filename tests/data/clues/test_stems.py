"""Names: what several images share is found and mended, what only counts is not."""

import random
import re
import uuid
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.commands import check
from augment.core.yaml_text import parse_yaml
from augment.data.clues.stems import Stems, find_stems, quoted, stem_notes, torn
from augment.data.entries import Entry
from augment.data.prepare import prepare
from augment.params import Ingest, Params
from tests.data.corpus import encode, noise

RNG = random.Random(0)


def entries(paths: list[str]) -> list[Entry]:
    return [Entry(path, path.partition("/")[0], size=(2, 2), channels=1) for path in dict.fromkeys(paths)]


def hexes(length: int) -> str:
    return "".join(RNG.choice("0123456789abcdef") for _ in range(length))


def guid() -> str:
    return str(uuid.UUID(int=RNG.getrandbits(128)))


def named(form: str, things: int, endings: tuple[object, ...], apart: bool = True) -> list[str]:
    """Paths of two classes: `form` filled with the class, the number of a thing and an ending; apart: whether the
    classes have things of their own."""
    return [
        form.format(label, thing + apart * things * (label == "b"), ending)
        for label, thing, ending in product("ab", range(things), endings)
    ]


PLAIN = [f"{label}/IMG_{number:04}.jpg" for label in "ab" for number in range(60)]
SHARED = {  # paths, and the groups that they are
    "rotated and flipped": (named("{}/img{:03}_{}.png", 24, ("orig", "rot12", "rot-25", "shift", "flip")), 48),
    "counted in each class": (named("{}/{:03}_{}.png", 24, ("orig", "hflip", "noise"), apart=False), 48),
    "flips beside the originals": (named("{}/{}{}.png", 30, ("", "_hflip", "-vflip", " bright")), 60),
    "augmented minority": ([f"a/{n}.png" for n in range(90)] + named("b/{1}{2}.png", 10, ("", "_aug0", "_aug1")), 20),
    "a file manager's copies": (PLAIN + [f"a/IMG_{n:04} - Copy.jpg" for n in range(9)], 9),
    "copies of copies": (PLAIN + [f"a/IMG_{n:04} - Copy{k}.jpg" for n in range(9) for k in ("", " (2)")], 9),
    "copies in German": (PLAIN + [f"a/IMG_{n:04} - Kopie.jpg" for n in range(9)], 9),
    "second downloads": (PLAIN + [f"a/IMG_{n:04} (1).jpg" for n in range(9)], 9),
    "numbers behind a name": (PLAIN + [f"a/IMG_{n:04}-1.jpg" for n in range(5)], 5),
    "two formats of each": (named("{}/part{:03}.{}", 40, ("jpg", "png")), 80),
    "angles in words": (named("{}/leaf {:04}{}.JPG", 30, ("", "_90deg", "_180deg", "_newPixel25")), 60),
    "exports with a hash":
        ([f"{k}/img{n}_jpg.rf.{hexes(32)}.jpg" for k in "ab" for n in range(30)
        for _ in range(3)], 60),
    "angles": (named("{}/{:04}_{}.jpg", 40, (0, 90, 180, 270)), 80),
    "word first": (named("{0}/{2}_{1:03}.png", 20, ("orig", "flip", "rot12")), 40),
    "folders of changes": (named("{0}/{2}/{1:03}.png", 20, ("orig", "flip")), 40),
    "frames": (named("{}/clip{}_{:06}.jpg", 6, tuple(range(30))), 12),
    "frames of a few clips": (named("{}/clip{}_{:06}.jpg", 2, tuple(range(30))), 4),
    "frames without a mark": (named("{}/clip{}frame{}.jpg", 6, tuple(range(30))), 12),
    "frames in words": (named("{}/video_{}_frame_{:04}.jpg", 6, tuple(range(30))), 12),
    "patients": (named("{}/p{:03}_{}.png", 20, ("left", "right")), 40),
    "patients of both classes": (named("{}/p{:03}_{}.png", 20, ("left1", "left2", "right1"), apart=False), 20),
    "patients' sides": (named("{}/p{:03}{}.png", 20, ("L", "R")), 40),
    "sides first": (named("{0}/{2}_p{1:03}.png", 20, ("left", "right")), 40),
    "folders of patients": (named("{}/p{:03}/{}.png", 20, ("left", "right")), 40),
    "tiles": (named("{}/slide{}_{}.png", 6, tuple(f"x{x}_y{y}" for x in range(5) for y in range(5))), 12),
    "tiles of plain numbers": (named("{}/S{:02}_{}.png", 6, tuple(f"{x}_{y}" for x in range(5) for y in range(5))), 12),
    "names of people":
        ([f"{k}/{who}.{k}{n}.png" for k in "ab" for who in ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM")
        for n in (1, 2, 3)], 8),
}  # fmt: skip
COUNTED = {
    "a counter in each class": named("{}/img_{:04}.png", 300, ("",), apart=False),
    "a counter through all": named("{}/img_{:04}.png", 300, ("",)),
    "numbers": named("{}/{}.png", 300, ("",), apart=False),
    "class and number": [f"{k}/{k}{mark}{n}.png" for k in ("cat", "dog") for mark in "_" for n in range(300)],
    "class, dot and number": [f"{k}/{k}.{n}.png" for k in ("cat", "dog") for n in range(300)],
    "class of digits": [f"{k}/{k}_{n:05}.png" for k in "0123456789" for n in range(50)],
    "class codes": [f"{k}/{k}_{n}.JPEG" for k in ("n01440764", "n01443537") for n in range(300)],
    "a camera": named("{}/DSC{:05}.JPG", 200, ("",)),
    "two cameras": [f"{k}/{camera}_{n:04}.JPG" for k in "ab" for camera in ("DSC", "IMG") for n in range(200)],
    "a camera's folders": [f"{k}/10{folder}_{n:04}.JPG" for k in "ab" for folder in range(3) for n in range(200)],
    "a phone":
        [f"{k}/IMG_202304{d:02}_{RNG.randrange(10**6):06}.jpg" for k in "ab"
        for d in range(1, 9) for _ in range(40)],
    "times":
        [f"{k}/2023-04-{d:02} 12.{m:02}.{s:02}.png" for k in "ab" for d in (1, 2)
        for m in range(30) for s in (1, 2, 3)],
    "days": [f"{k}/2023-{m:02}-{d:02}-{n}.png" for k in "ab" for m in (1, 2) for d in range(1, 20) for n in range(4)],
    "guids": [f"{k}/{guid()}.jpg" for k in "ab" for _ in range(500)],
    "guids of splits": [f"{k}/{split}_{guid()}.jpg" for k in "ab" for split in ("train", "test") for _ in range(300)],
    "hashes": [f"{k}/{hexes(32)}.jpg" for k in "ab" for _ in range(500)],
    "short hashes": [f"{k}/{hexes(4)}.jpg" for k in "ab" for _ in range(300)],
    "renamed in a file manager": [f"{k}/{k} ({n}).jpg" for k in ("cat", "dog") for n in range(1, 200)],
    "several batches of it": [f"{k}/{name} ({n}).jpg" for k, name in ("yY", "yZ", "nN", "nM") for n in range(1, 60)],
    "downloads":
        [f"{k}/{word}{n}.jpg" for k in "ab" for word in ("images", "download")
        for n in ("", *(f" ({n})" for n in range(1, 25)))],
    "kinds within a class":
        [f"{k}/{kind}_{n}.jpg" for k in "ab" for kind in ("small", "big", "round")
        for n in range(40)],
    "splits": [f"{k}/{split}_{n:05}.png" for k in "ab" for split in ("train", "test") for n in range(100)],
    "folders of splits": [f"{k}/{split}/{n:05}.png" for k in "ab" for split in ("train", "test") for n in range(60)],
    "one folder below": named("{}/images/{:04}.png", 100, ("",), apart=False),
    "class and two numbers":
        [f"{k}/{k}_{n:04}_{RNG.randrange(10**6)}.jpg" for k in ("Sooty_Albatross", "Auklet")
        for n in range(60)],
    "sizes in names": named("{}/{}_64x64.png", 100, ("",), apart=False),
    "no extension": named("{}/{}", 60, ("",), apart=False),
    "classes named as changes": [f"{k}/{k}_{n:04}.png" for k in ("noise", "dark", "flip") for n in range(90)],
}  # fmt: skip


@pytest.mark.parametrize("name", SHARED)
def test_what_names_share_is_found(name: str) -> None:
    paths, groups = SHARED[name]
    images = entries(paths)
    stems = find_stems(images)
    assert stems is not None
    assert stems.count == groups
    expression = re.compile(stems.pattern)
    keys = [match[1] if (match := expression.search(image.path)) else image.path for image in images]
    times = Counter(keys)
    told = {image.path: key for image, key in zip(images, keys, strict=True) if times[key] > 1}
    assert stems.groups == told, "what is told is what the pattern does"
    Ingest(source="folder", group_pattern=stems.pattern)


@pytest.mark.parametrize("name", COUNTED)
def test_what_only_counts_is_left_alone(name: str) -> None:
    assert find_stems(entries(COUNTED[name])) is None


@given(st.permutations(range(24)))
def test_the_order_of_files_changes_nothing(order: list[int]) -> None:
    images = entries(SHARED["patients"][0][:24])
    assert find_stems([images[i] for i in order]) == find_stems(images)


@given(st.sets(st.integers(0, 10**9), min_size=2, max_size=40), st.sampled_from(["{}", "IMG{:09}", "x{:010}y"]))
def test_names_of_one_number_share_nothing(numbers: set[int], form: str) -> None:
    assert find_stems(entries([f"a/{form.format(number)}.png" for number in numbers])) is None


def test_what_a_person_grouped_is_left_alone() -> None:
    images = entries(SHARED["patients"][0])
    for image in images:
        image.group = "given"
    assert find_stems(images) is None
    for image in images[20:60]:
        image.group = ""
    stems = find_stems(images)
    assert stems is not None
    assert stems.groups.keys() == {image.path for image in images[20:60]}, "these are nobody's word"


def test_the_share_of_test_images_with_a_sister_is_counted() -> None:
    images = entries([f"a/p{n}_{side}.png" for n in range(4) for side in "lr"])
    sides = ["test", "train", "test", "test", "test", "pool", "train", "val"]
    for image, side in zip(images, sides, strict=True):
        image.split = side
    stems = Stems("x", {image.path: image.path[2:4] for image in images})
    assert torn(stems, images) == (2, 4)
    (note,) = stem_notes(stems, images)
    assert "8 images share 4 stems (a/p0_l.png and a/p0_r.png), and 2 of 4 test images have a sister" in note
    assert note.endswith("if they show one thing, write `ingest.group_pattern: 'x'`")
    images[0].declared_split = "test"
    assert "the declared split tears them: correct it, then write" in stem_notes(stems, images)[0]


def test_few_copies_that_no_split_tears_are_not_told() -> None:
    images = entries([*PLAIN, "a/IMG_0000 (1).jpg"])
    for image in images:
        image.split = "train"
    stems = find_stems(images)
    assert stems is not None
    assert stem_notes(stems, images) == []
    images[0].split = "test"
    assert len(stem_notes(stems, images)) == 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1))
def test_the_line_is_yaml(text: str) -> None:
    assert parse_yaml(f"group_pattern: {quoted(text)}\n") == {"group_pattern": text}


def write(root: Path, paths: list[str]) -> None:
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(encode(noise(number)))


def test_the_note_names_the_line_that_silences_it(tmp_path: Path) -> None:
    """No pixel shows that these belong together."""
    write(tmp_path / "raw", SHARED["rotated and flipped"][0])
    ingest = Ingest(source="folder", path=str(tmp_path / "raw"))
    (note,) = check.inspect(None, Params(ingest=ingest)).notes
    assert note.startswith(
        "leak_by_name: 240 images share 48 stems (a/img000_flip.png and a/img000_orig.png), and 72 of"
    )
    assert prepare(ingest, 0, tmp_path / "out").notes == [note]
    line = parse_yaml(note.split("`")[1])
    mended = prepare(ingest.model_copy(update={"group_pattern": line["ingest.group_pattern"]}), 0, tmp_path / "out")
    assert mended.notes == []
    sides = {(entry.path.rpartition("_")[0], entry.split) for entry in mended.usable}
    assert len(sides) == 48, "no stem on two sides"
