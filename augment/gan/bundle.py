"""Generators read back from disk, verified against their manifests and the index of their set (`bundle_files.py`)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from augment.core.errors import ArgumentError, BundleError
from augment.data.arguments import path_argument
from augment.gan.bundle_files import (
    MANIFEST,
    SHARED,
    TRANSLATOR,
    WEIGHTS,
    WORDS,
    Index,
    damaged,
    read_index,
    read_manifest,
    refuse_link,
)
from augment.gan.generators import ClassGenerator, GeneratorSet, KeptGenerator
from augment.gan.networks.build import Generator, new_generator
from augment.gan.rows.bundle import holds_rows, load_row_generators
from augment.gan.translate.bundle import load_translator
from augment.gan.weights_file import read_network
from augment.gan.words.bundle import read_words
from augment.gan.words.generator import WordGenerator


def load_bundle(folder: Path, bound: Mapping[str, str] | None = None) -> ClassGenerator:
    """Load and verify one bundle; bound: as `read_manifest` takes it. Raises `BundleError` saying what is wrong with
    which file."""
    manifest, path = read_manifest(folder, bound), folder / WEIGHTS
    network = read_network(path, manifest.weights_sha256, lambda: new_generator(manifest.architecture).float())
    generator = ClassGenerator(manifest.label, network, manifest.training, manifest.environment)
    try:
        generator.try_out()
    except BundleError as error:
        raise damaged(path, error.code, "its weights are finite, and the images that they draw are not") from error
    return generator


def load_generators(folder: str | Path = "models") -> GeneratorSet:
    """All generators of a models folder, verified: what the pipeline wrote, or `GeneratorSet.save`.

    Of a table, or of vectors, they are `RowGenerators`, which are used alike and draw rows. Nothing in the folder is
    executed, and files that index.json does not name are not opened. Raises `BundleError` when
    index.json or a bundle is missing, damaged, or not the one that index.json names.

    >>> import augment, tempfile, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> folder = tempfile.mkdtemp()
    >>> augment.train_generators(images, [0] * 8 + [1] * 4, width=4, shared_steps=8, steps=8).save(folder)
    >>> augment.load_generators(folder)["1"].sample(2).shape
    torch.Size([2, 1, 8, 8])
    """
    root = path_argument("folder", folder)
    index = read_index(root)
    if index.folders and holds_rows(root / index.folders[0]):
        return load_row_generators(root, index)  # type: ignore[return-value]  # which is used as this is
    return _set_of(root, index, dict(_bundles(root, index)))


def kept_generators(folder: Path) -> GeneratorSet:
    """As `load_generators`, of images, and verified alike, but each class's stays in its files and is read, and
    verified, again whenever it draws. Raises `BundleError` as that does."""
    index = read_index(folder)

    def kept(name: str, one: ClassGenerator) -> ClassGenerator:
        if name == SHARED:
            return one

        def read() -> Generator:
            return load_bundle(folder / name, index.bound(name)).network

        return KeptGenerator(one.label, one.architecture, read, one.training, one.environment, one.translator)

    return _set_of(folder, index, {name: kept(name, one) for name, one in _bundles(folder, index)})


def _set_of(root: Path, index: Index, found: dict[str, ClassGenerator]) -> GeneratorSet:
    """found: of each folder."""
    shared = found.pop(SHARED, None)
    failed = {label: entry.reason for label, entry in index.classes.items() if entry.status == "failed"}
    generators = {generator.label: generator for generator in found.values()}
    words = _words(root, index, shared or next(iter(found.values()), None))
    return GeneratorSet(generators, failed, index.order, shared, words)


def check_bundle(folder: str | Path) -> None:
    """Verify a bundle, or a set of them (a folder with index.json), as loading does, one at a time; keeps nothing.

    Raises `BundleError`: its message says which file is wrong, and how; its `code` is one word: missing, unreadable,
    link, not_regular, too_large, not_json, double_key, wrong_format, unknown_key, bad_value, wrong_hash, not_canonical,
    wrong_bundle, wrong_tensors, not_finite, negative_variance, mixed_images.

    >>> import augment, pathlib, tempfile, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> folder = tempfile.mkdtemp()
    >>> augment.train_generators(images, [0] * 8 + [1] * 4, width=4, shared_steps=8, steps=8).save(folder)
    >>> augment.check_bundle(folder)  # all is well
    >>> manifest = pathlib.Path(folder, "1/manifest.json")
    >>> _ = manifest.write_text(manifest.read_text() + " ")
    >>> try:
    ...     augment.check_bundle(folder)
    ... except augment.AugmentError as error:
    ...     print(error.code)
    not_canonical
    """
    root = path_argument("folder", folder)
    if (root / MANIFEST).is_symlink() or (root / MANIFEST).exists():
        load_bundle(root)
        return
    index = read_index(root)
    other: ClassGenerator | None = None
    for _, generator in _bundles(root, index):
        other = generator
    _words(root, index, other)


def _bundles(root: Path, index: Index) -> Iterator[tuple[str, ClassGenerator]]:
    """(folder, generator) of every bundle of a set, each as the index binds it."""
    labels = {entry.slug: label for label, entry in index.classes.items()}
    first: ClassGenerator | None = None
    for name in index.folders:
        folder = root / name
        refuse_link(folder)
        generator = load_bundle(folder, index.bound(name))
        if name != SHARED and generator.label != labels[name]:
            raise damaged(folder, "wrong_bundle", f"it is of class {generator.label!r}, not {labels[name]!r}")
        first = first or generator
        if generator.shape != first.shape:
            raise damaged(folder, "mixed_images", f"it draws images {generator.shape}, others of the set {first.shape}")
        if name in index.translators:
            within = f"{name}/{TRANSLATOR}"
            refuse_link(root / within)
            try:
                generator = generator.with_translator(load_translator(root / within, index.bound(within)))
            except ArgumentError as error:
                raise damaged(root / within, "wrong_bundle", str(error)) from error
        yield name, generator


def _words(root: Path, index: Index, other: ClassGenerator | None) -> WordGenerator | None:
    """The generator of words of a set, None where it has none; other: any generator of the set."""
    if not index.words:
        return None
    words = read_words(root / WORDS, index.bound(WORDS))
    if other is not None and words.shape != other.shape:
        what = f"it draws images {words.shape}, others of the set {other.shape}"
        raise damaged(root / WORDS, "mixed_images", what)
    return words
