"""Generators of rows as files: manifest and weights of each class, and the index that binds them (`bundle_files.py`).

The quantiles of each column stand beside the weights, as tensors; they are the only trace of training rows in a bundle
beside the weights, and hold at most `MAX_KNOTS` values of a column, in order, none of them with the row that it is of.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from augment.core.errors import ArgumentError, BundleError
from augment.core.files import json_text, sha256, slug, write_bytes
from augment.data.rows.columns import Schema
from augment.data.rows.encoding import Encoding
from augment.data.rows.quantiles import Quantiles
from augment.gan.bundle_files import (
    INDEX,
    INDEX_FORMAT,
    MANIFEST,
    MANIFEST_FORMAT,
    MAX_MANIFEST_BYTES,
    MAX_REASON_LENGTH,
    WEIGHTS,
    Index,
    damaged,
    read_form,
    read_limited,
    refuse_link,
    signed,
)
from augment.gan.generators.arguments import check_labels
from augment.gan.rows.generators import RowGenerator, RowGenerators
from augment.gan.rows.manifest import RowManifest
from augment.gan.rows.network import RowGeneratorNetwork, RowShape
from augment.gan.weights_file import built_without_memory, read_weights

PARTS = ("values", "low", "high")  # of the quantiles of a column


def holds_rows(folder: Path) -> bool:
    """Whether a bundle is of rows; what is no JSON is left to whoever reads it in earnest."""
    try:
        value = json.loads(read_limited(folder / MANIFEST, MAX_MANIFEST_BYTES))
    except (BundleError, ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "columns" in value


def save_row_generators(generators: RowGenerators, folder: Path) -> None:
    """A bundle for each class, then index.json. Raises `ArgumentError` for labels that no bundle can bear."""
    check_labels(generators.classes)
    files: dict[str, str] = {}
    for label, generator in generators.items():
        for name, content in bundle_contents(generator).items():
            write_bytes(folder / slug(label) / name, content)
            files[f"{slug(label)}/{name}"] = sha256(content)
    entries = {
        label: {"slug": slug(label), "status": "trained" if label in generators else "failed",
                "reason": generators.failed.get(label, "")[:MAX_REASON_LENGTH]}
        for label in generators.classes
    }  # fmt: skip
    index = {"format": INDEX_FORMAT, "classes": entries, "order": generators.classes, "shared": False, "files": files}
    write_bytes(folder / INDEX, json_text(signed(index)).encode())


def bundle_contents(generator: RowGenerator) -> dict[str, bytes]:
    """The files of one bundle, by name; equal generators give equal bytes. Raises `ArgumentError` for columns with more
    text than is read back."""
    encoding, shape = generator.encoding, generator.network.shape
    tensors = {name: value.cpu().contiguous() for name, value in generator.network.state_dict().items()}
    for at, own in enumerate(encoding.numbers):
        tensors |= {f"column.{at}.{part}": torch.from_numpy(np.ascontiguousarray(getattr(own, part))) for part in PARTS}
    content = safetensors.torch.save(tensors, metadata={"format": "pt"})
    manifest = {
        "format": MANIFEST_FORMAT,
        "label": generator.label,
        "slug": slug(generator.label),
        "columns": encoding.schema.as_json(),
        "hidden": shape.hidden,
        "latent": shape.latent,
        "knots": [len(own.values) for own in encoding.numbers],
        "single": [own.single for own in encoding.numbers],
        "levels": [list(levels) for levels in encoding.levels],
        "gaps": list(encoding.gaps),
        "training": generator.training,
        "environment": generator.environment,
        "weights_sha256": sha256(content),
    }
    written = json_text(signed(manifest)).encode()
    if len(written) > MAX_MANIFEST_BYTES:  # which nobody could load
        raise ArgumentError(f"class {generator.label!r}: its {MANIFEST} would have {len(written):,} bytes, at most "
                            f"{MAX_MANIFEST_BYTES:,} are read: names and levels of columns are too long")  # fmt: skip
    return {WEIGHTS: content, MANIFEST: written}


def load_row_generators(root: Path, index: Index) -> RowGenerators:
    """All generators of a set of rows, verified as those of images are. Raises `BundleError`."""
    labels = {entry.slug: label for label, entry in index.classes.items()}
    found = {}
    for name in index.folders:
        refuse_link(root / name)
        generator = load_row_bundle(root / name, index.bound(name))
        if generator.label != labels[name]:
            raise damaged(root / name, "wrong_bundle", f"it is of class {generator.label!r}, not {labels[name]!r}")
        found[generator.label] = generator
    failed = {label: entry.reason for label, entry in index.classes.items() if entry.status == "failed"}
    return RowGenerators(found, failed, index.order)


def load_row_bundle(folder: Path, bound: Mapping[str, str] | None = None) -> RowGenerator:
    """One bundle, verified; bound: the SHA-256 of its files, of a set. Raises `BundleError`."""
    manifest = read_form(folder, RowManifest, MANIFEST_FORMAT, bound)
    schema = Schema.from_json(manifest.columns)
    sizes = (*map(len, manifest.levels), *[2] * sum(manifest.gaps))
    shape = RowShape(len(schema.numeric), sizes, manifest.hidden, manifest.latent)
    network = built_without_memory(lambda: RowGeneratorNetwork(shape))
    like = dict(network.state_dict())
    for at, knots in enumerate(manifest.knots):
        like |= {f"column.{at}.{part}": torch.empty(knots, dtype=torch.float64, device="meta") for part in PARTS}
    weights = read_weights(folder / WEIGHTS, manifest.weights_sha256, like)
    network.load_state_dict(
        {name: value for name, value in weights.items() if not name.startswith("column.")}, assign=True
    )
    encoding = Encoding(
        schema, _quantiles(manifest, schema, weights), tuple(map(tuple, manifest.levels)), tuple(manifest.gaps)
    )
    return RowGenerator(manifest.label, network, encoding, manifest.training, manifest.environment)


def _quantiles(manifest: RowManifest, schema: Schema, weights: Mapping[str, Tensor]) -> tuple[Quantiles, ...]:
    decimals = [schema.columns[at].decimals for at in schema.numeric]
    return tuple(
        Quantiles(**{part: weights[f"column.{at}.{part}"].numpy() for part in PARTS}, single=single, decimals=places)
        for at, (single, places) in enumerate(zip(manifest.single, decimals, strict=True))
    )
