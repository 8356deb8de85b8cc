"""Bundles: what is not byte for byte what `save` wrote is refused with `BundleError`, or draws finite images.

Every file above the changed one gets its hashes made right again, as someone who forges a bundle would do.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from augment.core.errors import BundleError
from augment.core.files import sha256, sha256_json
from augment.gan.bundle import load_generators
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from tests.fuzz.driver import main, require_readable

FILES = ("index.json", "a/manifest.json", "a/generator.safetensors")


class Place:
    """A set of two small generators in a temporary folder."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="gan-augment-fuzz-")
        self.root = Path(self.folder.name)
        plan = Architecture("linear", 1, 2, 2, latent=2, features=4)
        networks = {label: build(plan, seed=seed)[0].eval() for seed, label in enumerate("ab")}
        GeneratorSet({label: ClassGenerator(label, network) for label, network in networks.items()}).save(self.root)
        self.whole = {name: (self.root / name).read_bytes() for name in FILES}


PLACE = Place()
SEEDS = [
    bytes([index + forged * len(FILES)]) + PLACE.whole[name] for forged in (0, 1) for index, name in enumerate(FILES)
]


def harness(content: bytes) -> None:
    """The first byte chooses the file, and whether hashes are made right again; the others are its content."""
    number = content[0] if content else 0
    is_forged = number // len(FILES) % 2
    files = PLACE.whole | {FILES[number % len(FILES)]: content[1:]}
    for name, whole in (forged(files) if is_forged else files).items():
        (PLACE.root / name).write_bytes(whole)
    try:
        generators = load_generators(PLACE.root)
    except BundleError as error:
        require_readable(str(error))
        return
    assert is_forged or files == PLACE.whole, "a change that no hash has seen"
    for generator in generators.values():
        assert torch.equal(generator.sample(2, seed=0), generator.sample(2, seed=0))


def forged(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files, with the hashes that they should have of each other and of themselves."""
    index, manifest, weights = FILES
    made = dict(files)
    made[manifest] = changed(made[manifest], {"weights_sha256": sha256(made[weights])})
    known = parsed(made[index]).get("files")
    told = {name: sha256(made[name]) for name in (manifest, weights)}
    made[index] = changed(made[index], {"files": {**known, **told}} if isinstance(known, dict) else {})
    return made


def changed(content: bytes, values: Mapping[str, Any]) -> bytes:
    """A JSON file with these values and its own hash; anything else as it is."""
    found = parsed(content)
    try:
        mended = {key: value for key, value in {**found, **values}.items() if key != "sha256"}
        mended |= {"sha256": sha256_json(mended)} if "sha256" in found else {}
        text = json.dumps(mended, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
        return text.encode() if found else content
    except (ValueError, TypeError, RecursionError):
        return content


def parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


if __name__ == "__main__":
    main(harness, SEEDS)
