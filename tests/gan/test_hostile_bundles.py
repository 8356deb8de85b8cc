"""Sets of bundles whose hashes are right and whose contents are not are refused; so is every flipped byte."""

import errno
import json
import os
import pickle
from pathlib import Path

import pytest

import augment
from augment.core.errors import BundleError
from augment.core.files import sha256
from augment.gan import bundle_files
from augment.gan.bundle import check_bundle, load_generators
from augment.gan.bundle_files import damaged
from tests.gan.bundles import (
    change_json,
    write_set,
)
from tests.gan.hostile import HOSTILE, MANIFEST, NORM, WEIGHTS, weights


def test_there_are_at_least_sixty_and_the_set_itself_is_sound(tmp_path: Path) -> None:
    print(f"hostile bundles: {len(HOSTILE)}")
    assert len(HOSTILE) >= 60
    assert augment.check_bundle(write_set(tmp_path / "set")) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_with_a_code_and_a_sentence(name: str, tmp_path: Path) -> None:
    make, code = HOSTILE[name]
    root = write_set(tmp_path / "set")
    make(root)
    for read in (check_bundle, load_generators):
        with pytest.raises(BundleError) as caught:
            read(root)
        message = str(caught.value)
        assert caught.value.code == code, message
        assert message.isprintable()
        assert "\u202e" not in message
        assert len(message) < 1500
        assert str(root) in message


AGAIN = "Move the folder away and run `dvc repro train`, or fetch it again."
ANEW = "Make it anew: `dvc repro -f train` (what is in .work is not trained again), or `train_generators`."
UPDATE = "Update what reads it: `pip install -U gan-augment`."
MISSING = "Run `dvc repro train` to make the generators, or give the folder that holds index.json."
SENTENCES = {  # name of a hostile set -> file, what is said of it, what to do
    "an index that is a list": ("index.json", "it holds a list, not a mapping", AGAIN),
    "an index that is empty": ("index.json", "not JSON: Expecting value: line 1 column 1 (char 0)", AGAIN),
    "a manifest with a number beyond all": (MANIFEST, "not JSON: 1e999 is not finite", AGAIN),
    "a class of the index twice": ("index.json", "the key 'a' stands twice", AGAIN),
    "an unknown key of a class": ("index.json", "classes.a._target_: Extra inputs are not permitted", AGAIN),
    "an index of the form before": ("index.json", "it states no format, and this version reads format 2", ANEW),
    "a manifest of another format": (
        MANIFEST, "it is of format '2', of a newer version, and this version reads format 1", UPDATE
    ),
    "an index of the next format": (
        "index.json", "it is of format '3', of a newer version, and this version reads format 2", UPDATE
    ),
    "a manifest of format true": (MANIFEST, "it is of format 'True', and this version reads format 1", ANEW),
    "an order changed, the hash left": ("index.json", "its SHA-256 is not the one it states", AGAIN),
    "spaces beside the values": (
        "index.json", "its keys, spaces or numbers are not spelled as this program writes them", AGAIN
    ),
    "two manifests swapped": (MANIFEST, "its SHA-256 is not the one in index.json: it is of another set", AGAIN),
    "two weights swapped": (WEIGHTS, "its SHA-256 is not the manifest's", AGAIN),
    "a manifest of another label": ("a", "it is of class 'z', not 'a'", AGAIN),
    "a manifest behind a link": (
        MANIFEST, "a symbolic link, which may lead anywhere; copy the file itself to its place", AGAIN
    ),
    "no manifest": (MANIFEST, "No such file or directory", MISSING),
    "a pipe as weights": (WEIGHTS, "not a regular file", AGAIN),
    "a header beyond the file": (WEIGHTS, f"a header of {2**62} bytes, at most 100000 can be right", AGAIN),
    "a tensor that is missing": (WEIGHTS, "tensors that do not fit the manifest: to_image.bias", AGAIN),
    "a network of another kind": (
        WEIGHTS, "tensors that do not fit the manifest: normalise.bias, normalise.num_batches_tracked, "
        "normalise.running_mean, normalise.running_var, normalise.weight", AGAIN
    ),
    "a weight that is no number": (WEIGHTS, "project.weight holds numbers that are not finite", AGAIN),
    "weights too large for their product": (
        WEIGHTS, "its weights are finite, and the images that they draw are not", AGAIN
    ),
    "a variance below zero": (
        WEIGHTS, f"{NORM} is below zero, which no variance or count can be", AGAIN
    ),
    "a shared generator in colour": (
        "_shared", "it draws images (3, 5, 6), others of the set (1, 5, 6)", AGAIN
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_what_is_wrong_is_said_in_these_words(name: str, tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    HOSTILE[name][0](root)
    file, what, advice = SENTENCES[name]
    with pytest.raises(BundleError) as caught:
        check_bundle(root)
    assert str(caught.value) == f"{root / file}: {what}. {advice}"


def test_a_file_that_the_system_refuses_is_no_missing_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(bundle_files, "read_file", refuse)
    with pytest.raises(BundleError, match=r"index\.json: Permission denied\. Run `dvc repro train`") as caught:
        check_bundle(tmp_path)
    assert caught.value.code == "unreadable"


def test_a_format_is_shown_to_twenty_letters(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    change_json(root / "index.json", format="x" * 50)
    with pytest.raises(BundleError, match=f"it is of format '{'x' * 20}', and"):
        check_bundle(root)


def test_what_the_reader_of_weights_says_is_passed_on(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    HOSTILE["a tensor beyond the file"][0](root)
    with pytest.raises(BundleError, match=r"generator\.safetensors: .*offset"):
        check_bundle(root)


@pytest.mark.parametrize(("length", "shown"), [(300, 300), (301, 300), (5000, 300)])
def test_what_stood_there_is_shown_to_a_length(tmp_path: Path, length: int, shown: int) -> None:
    error = damaged(tmp_path, "bad_value", "x" * length)
    assert str(error) == f"{tmp_path}: {'x' * shown}{'...' * (length > shown)}. {AGAIN}"


def test_a_bundle_alone_is_refused_by_the_same_rules(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    assert check_bundle(root / "a") is None
    weights(NORM, -1.0)(root)
    with pytest.raises(BundleError) as caught:
        check_bundle(root / "a")
    assert caught.value.code == "negative_variance"
    with pytest.raises(BundleError) as caught:
        check_bundle(tmp_path / "nowhere")
    assert caught.value.code == "missing"


def test_the_code_goes_with_the_error_from_process_to_process(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        check_bundle(tmp_path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.code) == (str(caught.value), "missing")


def test_surplus_files_are_never_opened(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set")
    os.mkfifo(root / "a/samples.png")  # opening it would wait for ever
    (root / "setup.py").write_text("raise SystemExit")
    (root / "a/generator.pt").write_bytes(b"\x80\x02cos\nsystem\n.")
    assert check_bundle(root) is None
    assert list(load_generators(root)) == ["b c", "a"]


@pytest.mark.parametrize("name", ["index.json", MANIFEST, WEIGHTS])
def test_every_flip_of_every_bit_of_a_set_is_refused(tmp_path: Path, name: str) -> None:
    """Of the weights those of the header and of a sample: their hash is taken of the bytes as they are."""
    path = write_set(tmp_path / "set") / name
    whole = path.read_bytes()
    places = range(len(whole)) if name.endswith("json") else [*range(600), *range(600, len(whole), 211)]
    accepted = []
    for place in places:
        bits = range(8) if name.endswith("json") else (place % 8,)
        for bit in bits:
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            try:
                check_bundle(tmp_path / "set")
                accepted.append((place, bit))
            except BundleError:
                pass
    assert accepted == []


def test_no_other_byte_in_the_place_of_a_space_is_accepted(tmp_path: Path) -> None:
    path = write_set(tmp_path / "set") / "index.json"
    whole = path.read_bytes()
    for place in (place for place, byte in enumerate(whole) if byte in b" \n"):
        for other in b" \n\t\r":
            if other != whole[place]:
                path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
                with pytest.raises(BundleError):
                    check_bundle(tmp_path / "set")


def test_equal_sets_give_equal_bytes_and_all_of_them_are_bound(tmp_path: Path) -> None:
    first, second = write_set(tmp_path / "one"), write_set(tmp_path / "two")
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert [(first / file).read_bytes() for file in files] == [(second / file).read_bytes() for file in files]
    bound = json.loads((first / "index.json").read_text())["files"]
    assert {*bound, "index.json"} == {str(file) for file in files}
    assert all(sha256((first / name).read_bytes()) == digest for name, digest in bound.items())
