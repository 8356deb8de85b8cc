"""What strangers may send: changes to a set of bundles, each with the code that it is refused with."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from augment.core.files import sha256
from augment.gan.generators import ClassGenerator
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from tests.gan.bundles import (
    bind,
    change_json,
    change_manifest,
    change_weights,
    put_weights,
    write_signed,
)

Hostile = Callable[[Path], object]


def index(**changes: Any) -> Hostile:
    return lambda root: change_json(root / "index.json", **changes)


def manifest(**changes: Any) -> Hostile:
    return lambda root: change_manifest(root, **changes)


def classes(**changes: Any) -> Hostile:
    """Change the entry of class `a` in the index."""

    def change(root: Path) -> None:
        known = json.loads((root / "index.json").read_text())["classes"]
        entry = {key: value for key, value in (known["a"] | changes).items() if value is not None}
        change_json(root / "index.json", classes=known | {"a": entry})

    return change


def labelled(label: str) -> Hostile:
    """Class `a` under another name throughout."""

    def change(root: Path) -> None:
        values = json.loads((root / "index.json").read_text())
        values["classes"][label] = values["classes"].pop("a")
        values["order"] = [label if name == "a" else name for name in values["order"]]
        change_manifest(root, label=label)
        values["files"]["a/manifest.json"] = sha256((root / "a/manifest.json").read_bytes())
        write_signed(root / "index.json", values)

    return change


def text(name: str, old: str, new: str) -> Hostile:
    """Replace text in a file, hashes left as they are."""

    def change(root: Path) -> None:
        found = (root / name).read_text()
        assert old in found
        (root / name).write_text(found.replace(old, new, 1))

    return change


def content(name: str, made: bytes) -> Hostile:
    return lambda root: (root / name).write_bytes(made)


def weights(key: str, value: float) -> Hostile:
    """Fill one tensor."""
    return lambda root: change_weights(root, lambda tensors: tensors[key].fill_(value))


def header(change: Callable[[str], str]) -> Hostile:
    """Change the header of the weights, all hashes right."""

    def rewrite(root: Path) -> None:
        old = (root / "a/generator.safetensors").read_bytes()
        length = struct.unpack("<Q", old[:8])[0]
        new = change(old[8 : 8 + length].decode().rstrip())
        new += " " * (-len(new) % 8)
        put_weights(root, struct.pack("<Q", len(new)) + new.encode() + old[8 + length :])

    return rewrite


def fifo(name: str) -> Hostile:
    def change(root: Path) -> None:
        (root / name).unlink()
        os.mkfifo(root / name)

    return change


def link(name: str) -> Hostile:
    """The same file or folder, behind a link out of the set."""

    def change(root: Path) -> None:
        (root / name).rename(root.parent / "elsewhere")
        (root / name).symlink_to(root.parent / "elsewhere")

    return change


def swap(first: str, second: str) -> Hostile:
    def change(root: Path) -> None:
        (root / first).rename(root / "third")
        (root / second).rename(root / first)
        (root / "third").rename(root / second)

    return change


def gone(name: str) -> Hostile:
    return lambda root: (root / name).unlink()


def folder_instead(name: str) -> Hostile:
    def change(root: Path) -> None:
        (root / name).unlink()
        (root / name).mkdir()

    return change


def larger_images(root: Path) -> None:
    plan = Architecture("dcgan", 1, 8, 8, latent=2, features=4)
    ClassGenerator("a", build(plan, 0)[0]).save(root / "a")
    bind(root)


def other_channels(root: Path) -> None:
    plan = Architecture("dcgan", 3, 5, 6, latent=2, features=4)
    ClassGenerator("shared", build(plan, 0)[0]).save(root / "_shared")
    bind(root)


def of_another_set(root: Path) -> None:
    """A sound bundle of the same class from elsewhere."""
    ClassGenerator("a", build(Architecture("dcgan", 1, 5, 6, latent=2, features=4), 9)[0]).save(root / "a")


def sparse(root: Path) -> None:
    with (root / "index.json").open("r+b") as stream:
        stream.truncate(90_000_000)


def drop(key: str) -> Hostile:
    return lambda root: change_weights(root, lambda tensors: tensors.pop(key))


DOUBLED = '{\n  "classes": {},\n  "classes"'
MANIFEST, WEIGHTS = "a/manifest.json", "a/generator.safetensors"
NORM = "normalise.running_var"
NESTED = b"[" * 100_000
HOSTILE: dict[str, tuple[Hostile, str]] = {
    "an index that is empty": (content("index.json", b""), "not_json"),
    "an index that is a list": (content("index.json", b"[]\n"), "not_json"),
    "an index nested a hundred thousand deep": (content("index.json", NESTED), "not_json"),
    "an index of mappings nested deep": (content("index.json", b'{"a":' * 50_000), "not_json"),
    "an index in UTF-16": (lambda root: (root / "index.json").write_text("{}", "utf-16"), "not_json"),
    "an index that begins with a byte order mark": (content("index.json", b"\xef\xbb\xbf{}"), "not_json"),
    "an index with a pickle in it": (content("index.json", b"\x80\x04\x95N."), "not_json"),
    "an index of 90 MB": (sparse, "too_large"),
    "a pipe as index": (fifo("index.json"), "not_regular"),
    "a folder as index": (folder_instead("index.json"), "not_regular"),
    "an index behind a link": (link("index.json"), "link"),
    "no index": (gone("index.json"), "missing"),
    "an index of the next format": (index(format=3), "wrong_format"),
    "an index of the form before": (index(format=None, files=None), "wrong_format"),
    "a format that is true": (index(format=True), "wrong_format"),
    "a format that is a text": (index(format="2"), "wrong_format"),
    "a format that is 2.0": (index(format=2.0), "wrong_format"),
    "a key of the index twice": (text("index.json", '{\n  "classes"', DOUBLED), "double_key"),
    "a class of the index twice": (text("index.json", '"a": {', '"a": {},\n    "a": {'), "double_key"),
    "an unknown key in the index": (index(loader="os.system"), "unknown_key"),
    "an unknown key of a class": (classes(_target_="os.system"), "unknown_key"),
    "an index without its hash": (text("index.json", '"sha256"', '"sha255"'), "bad_value"),
    "an order that leaves a class out": (index(order=["b c", "a"]), "bad_value"),
    "an order that names a class twice": (index(order=["a", "b c", "z", "a"]), "bad_value"),
    "an order changed, the hash left": (text("index.json", '"b c",\n    "a"', '"a",\n    "b c"'), "wrong_hash"),
    "an order of numbers": (index(order=[0, 1, 2]), "bad_value"),
    "classes that are a list": (index(classes=[]), "bad_value"),
    "no classes": (index(classes={}, order=[], files={}, shared=False), "bad_value"),
    "shared that is 1": (index(shared=1), "bad_value"),
    "shared that is denied": (index(shared=False), "bad_value"),
    "a slug out of the set": (classes(slug="../a"), "bad_value"),
    "a slug of another class": (classes(slug="b-c-5c1b5b"), "bad_value"),
    "an absolute slug": (classes(slug="/etc"), "bad_value"),
    "a status of its own": (classes(status="trusted"), "bad_value"),
    "a status that is true": (classes(status=True), "bad_value"),
    "a class without a reason": (classes(reason=None), "bad_value"),
    "a reason without an end": (classes(reason="x" * 100_000), "bad_value"),
    "files that name one more": (
        lambda root: index(files=json.loads((root / "index.json").read_text())["files"] | {"../x": "0" * 64})(root),
        "bad_value",
    ),
    "files that bind nothing": (index(files={}), "bad_value"),
    "spaces beside the values": (text("index.json", '"shared": true', '"shared":  true'), "not_canonical"),
    "a line end of another kind": (text("index.json", ",\n", ",\r"), "not_canonical"),
    "an escape in the place of its letter": (text("index.json", '"b c": {', '"\\u0062 c": {'), "not_canonical"),
    "a label that hides the terminal's text": (labelled("a\x1b[2J"), "bad_value"),
    "a label that turns the text around": (labelled("a\u202e"), "bad_value"),
    "a label with a line break": (labelled("a\nb"), "bad_value"),
    "a label of half a pair": (
        lambda root: (root / "index.json").write_text(
            (root / "index.json").read_text().replace('"z": {', '"\\ud800": {')
        ),
        "bad_value",
    ),
    "a label without letters": (labelled(""), "bad_value"),
    "a label of two thousand letters": (labelled("a" * 2000), "bad_value"),
    "two bundles swapped": (swap("a", "_shared"), "wrong_bundle"),
    "two manifests swapped": (swap(MANIFEST, "_shared/manifest.json"), "wrong_bundle"),
    "two weights swapped": (swap(WEIGHTS, "_shared/generator.safetensors"), "wrong_hash"),
    "a bundle of another set": (of_another_set, "wrong_bundle"),
    "a class folder behind a link": (link("a"), "link"),
    "a class folder that is gone": (lambda root: (root / "a").rename(root / "x"), "missing"),
    "a manifest behind a link": (link(MANIFEST), "link"),
    "no manifest": (gone(MANIFEST), "missing"),
    "a pipe as manifest": (fifo(MANIFEST), "not_regular"),
    "a manifest of a megabyte": (content(MANIFEST, b" " * 1_000_001), "too_large"),
    "a manifest nested deep": (content(MANIFEST, NESTED), "not_json"),
    "a manifest of another format": (manifest(format=2), "wrong_format"),
    "a manifest of format true": (manifest(format=True), "wrong_format"),
    "a manifest key twice": (text(MANIFEST, '"channels": 1', '"channels": 1,\n  "channels": 1'), "double_key"),
    "a manifest with NaN": (text(MANIFEST, '"steps": 3', '"steps": NaN'), "not_json"),
    "a manifest with a number beyond all": (text(MANIFEST, '"steps": 3', '"steps": 1e999'), "not_json"),
    "a manifest of another label": (manifest(label="z", slug="z"), "wrong_bundle"),
    "a manifest with another slug": (manifest(slug="z"), "bad_value"),
    "a network to import": (manifest(network="os.system"), "bad_value"),
    "a network of another kind": (manifest(network="linear"), "wrong_tensors"),
    "channels that are true": (manifest(channels=True), "bad_value"),
    "two channels": (manifest(channels=2), "bad_value"),
    "images without an end": (manifest(height=100_000), "bad_value"),
    "images of one pixel": (manifest(width=1), "bad_value"),
    "a height that is a text": (manifest(height="5"), "bad_value"),
    "a latent without an end": (manifest(latent=10**9), "bad_value"),
    "more layers than weights": (manifest(features=256), "wrong_tensors"),
    "another latent": (manifest(latent=3), "wrong_tensors"),
    "training that nests": (manifest(training={"steps": {"a": 1}}), "bad_value"),
    "training that is true": (manifest(training={"steps": True}), "bad_value"),
    "an environment of numbers": (manifest(environment={"torch": 2}), "bad_value"),
    "a hash in capitals": (manifest(weights_sha256="A" * 64), "bad_value"),
    "a hook in the manifest": (manifest(__reduce__="os.system"), "unknown_key"),
    "weights behind a link": (link(WEIGHTS), "link"),
    "no weights": (gone(WEIGHTS), "missing"),
    "a pipe as weights": (fifo(WEIGHTS), "not_regular"),
    "a folder as weights": (folder_instead(WEIGHTS), "not_regular"),
    "weights of a gigabyte": (lambda root: os.truncate(root / WEIGHTS, 10**9), "too_large"),
    "weights that are a pickle": (lambda root: put_weights(root, b"\x80\x02cos\nsystem\n."), "wrong_tensors"),
    "no bytes as weights": (lambda root: put_weights(root, b""), "not_json"),
    "a header beyond the file": (lambda root: put_weights(root, struct.pack("<Q", 2**62) + b"{}"), "wrong_tensors"),
    "a tensor beyond the file": (header(lambda found: found.replace('"data_offsets":[0,', '"data_offsets":[9,')),
                                 "wrong_tensors"),
    "a tensor's name twice": (header(lambda found: found.replace("{", '{"__metadata__":{},', 1)), "double_key"),
    "a tensor of bytes": (header(lambda found: found.replace("F32", "U8", 1)), "wrong_tensors"),
    "a tensor that is missing": (drop("to_image.bias"), "wrong_tensors"),
    "a tensor too many": (
        lambda root: change_weights(root, lambda tensors: tensors.update({"\x1b[2J": torch.zeros(1)})), "wrong_tensors",
    ),
    "a tensor of double precision": (
        lambda root: change_weights(root, lambda t: t.update({NORM: t[NORM].double()})), "wrong_tensors"
    ),
    "a weight that is no number": (weights("project.weight", float("nan")), "not_finite"),
    "a weight without an end": (weights("project.weight", float("inf")), "not_finite"),
    "weights too large for their product": (weights("project.weight", 3e38), "not_finite"),
    "a variance below zero": (weights(NORM, -1.0), "negative_variance"),
    "a variance a little below zero": (weights(NORM, -1e-6), "negative_variance"),
    "a count below zero": (weights("normalise.num_batches_tracked", -1), "negative_variance"),
    "images larger than the other classes'": (larger_images, "mixed_images"),
    "a shared generator in colour": (other_channels, "mixed_images"),
}  # fmt: skip
