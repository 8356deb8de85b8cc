"""Generators read back from disk, verified against their manifests (`bundle_files.py`)."""

import json
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError

from augment.core.files import sha256, slug
from augment.gan.bundle_files import MANIFEST, MAX_MANIFEST_BYTES, WEIGHTS, damaged, read_limited, read_manifest
from augment.gan.generators import SHARED, ClassGenerator, GeneratorSet
from augment.gan.networks.build import new_generator

MAX_HEADER_BYTES = 100_000


def load_bundle(folder: Path) -> ClassGenerator:
    """Load and verify one bundle. Raises `BundleError` saying what is wrong with which file."""
    manifest = read_manifest(folder / MANIFEST)
    path = folder / WEIGHTS
    with torch.device("meta"):  # shapes without memory, so a manifest cannot make us allocate
        network = new_generator(manifest.architecture).float()
    expected = {name: (value.shape, value.dtype) for name, value in network.state_dict().items()}
    max_bytes = sum(shape.numel() * dtype.itemsize for shape, dtype in expected.values()) + MAX_HEADER_BYTES
    content = read_limited(path, max_bytes)
    if sha256(content) != manifest.weights_sha256:
        raise damaged(path, "its SHA-256 is not the manifest's")
    try:
        weights = safetensors.torch.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise damaged(path, str(error)) from error
    actual = {name: (value.shape, value.dtype) for name, value in weights.items()}
    if actual != expected:
        wrong = sorted(name for name in actual.keys() | expected.keys() if actual.get(name) != expected.get(name))
        raise damaged(path, f"tensors that do not fit the manifest: {', '.join(wrong[:5])}")
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise damaged(path, "it holds numbers that are not finite")
    network.load_state_dict(weights, assign=True)
    return ClassGenerator(manifest.label, network, manifest.training, manifest.environment)


def load_generators(folder: str | Path = "models") -> GeneratorSet:
    """All generators of a models folder, verified: what the pipeline wrote, or `GeneratorSet.save`.

    Nothing in the folder is executed. Raises `BundleError` when index.json or a bundle is missing or damaged.

    >>> import augment, tempfile, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> folder = tempfile.mkdtemp()
    >>> augment.train_generators(images, [0] * 8 + [1] * 4, width=4, shared_steps=8, steps=8).save(folder)
    >>> augment.load_generators(folder)["1"].sample(2).shape
    torch.Size([2, 1, 8, 8])
    """
    index_path = Path(folder) / "index.json"
    try:
        index = json.loads(read_limited(index_path, 100 * MAX_MANIFEST_BYTES))
        classes = index["classes"].items()
        entries = {label: (entry["status"], entry["slug"], entry["reason"]) for label, entry in classes}
        order, slugs = index.get("order", sorted(entries)), {label: slug(label) for label in entries}
        if sorted(order) != sorted(entries):
            raise ValueError("`order` does not name every class once")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(index_path, f"not an index of generators ({error})") from error
    generators, failed = {}, {}
    for label, (status, slug_of_class, reason) in entries.items():
        if status != "trained":
            failed[label] = str(reason)
            continue
        if slug_of_class != slugs[label]:
            raise damaged(index_path, f"class {label!r} must be in folder {slugs[label]!r}, not {slug_of_class!r}")
        generator = generators[label] = load_bundle(Path(folder) / slug_of_class)
        if generator.label != label:
            raise damaged(Path(folder) / slug_of_class, f"it is of class {generator.label!r}, not {label!r}")
    has_shared = index.get("shared", (Path(folder) / SHARED / MANIFEST).exists())
    return GeneratorSet(generators, failed, order, load_bundle(Path(folder) / SHARED) if has_shared else None)
