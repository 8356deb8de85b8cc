"""The files of bundles, each read in one form alone and bound by a hash.

A bundle is a folder with `manifest.json` (closed schema, hash of the weights, hash of itself) and
`generator.safetensors` (the averaged generator; the discriminator is never exported). A set is a folder of bundles with
`index.json` (closed schema, hash of every file of every bundle, hash of itself). A class's translator is a bundle of
its own kind, in a folder within that of its generator. Other files may stand beside them and are never opened. Reading
touches no pickle, no code, and no name to import.
"""

import errno
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from augment.core.errors import BundleError
from augment.core.files import json_text, read_file, sha256, sha256_json, slug
from augment.core.words import printable
from augment.data.sources.labels import MAX_INDEX_BYTES, label_fault
from augment.gan.networks.architecture import Architecture, NetworkName

INDEX, MANIFEST, WEIGHTS = "index.json", "manifest.json", "generator.safetensors"
TRANSLATOR = "translator"  # folder of a class's translator, within the folder of the class
SHARED = "_shared"  # folder of the shared generator; no class's, since slugs have no underscore
WORDS = "_words"  # folder of the generator of words, alike
INDEX_FORMAT, MANIFEST_FORMAT = 2, 1
MAX_MANIFEST_BYTES = 1_000_000
MAX_REASON_LENGTH, MAX_SHOWN = 300, 300  # characters; the latter of what stood there, in a message
AGAIN = "Move the folder away and run `dvc repro train`, or fetch it again."
ANEW = "Make it anew: `dvc repro -f train` (what is in .work is not trained again), or `train_generators`."
UPDATE = "Update what reads it: `pip install -U gan-augment`."


def _sound(label: str) -> str:
    if fault := label_fault(label):
        raise ValueError(fault[1])
    return label


Label = Annotated[str, AfterValidator(_sound)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,48}$")]


class Closed(BaseModel):
    """No other keys, no value that has to be converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BundleForm(Closed):
    """What manifest.json of every kind of bundle has."""

    weights_sha256: Hash
    sha256: Hash


class Manifest(BundleForm):
    """manifest.json of a generator of one class."""

    format: int = Field(ge=MANIFEST_FORMAT, le=MANIFEST_FORMAT)
    label: Label
    slug: Slug
    network: NetworkName
    channels: int = Field(ge=1, le=3)
    height: int = Field(ge=2, le=256)
    width: int = Field(ge=2, le=256)
    latent: int = Field(ge=1, le=1024)
    features: int = Field(ge=4, le=256)
    training: dict[str, str | int | float]
    environment: dict[str, str]

    @model_validator(mode="after")
    def _fits(self) -> "Manifest":
        if self.channels == 2:
            raise ValueError("channels must be 1 or 3")
        if self.slug != slug(self.label):
            raise ValueError(f"slug {self.slug!r} is not that of label {self.label!r}, which is {slug(self.label)!r}")
        return self

    @property
    def architecture(self) -> Architecture:
        return Architecture(self.network, self.channels, self.height, self.width, self.latent, self.features)


class Entry(Closed):
    """What index.json says of a class. reason: why there is no generator; empty where there is one."""

    slug: Slug
    status: Literal["trained", "failed"]
    reason: str = Field(max_length=MAX_REASON_LENGTH)


class Index(Closed):
    """index.json of a set.

    order: the labels by class index; shared, words: whether there is such a generator; translators: folders of the
    classes that have one, left out as `words` is where there are none; files: path -> SHA-256 of every file of the set.
    """

    format: int = Field(ge=INDEX_FORMAT, le=INDEX_FORMAT)
    classes: dict[Label, Entry] = Field(min_length=1)
    order: list[str]
    shared: bool
    translators: list[Slug] = Field(default_factory=list)
    words: bool = False
    files: dict[str, Hash]
    sha256: Hash

    @model_validator(mode="after")
    def _fits(self) -> "Index":
        if sorted(self.order) != sorted(self.classes):
            raise ValueError("`order` does not name every class once")
        for label, entry in self.classes.items():
            if entry.slug != slug(label):
                raise ValueError(f"class {label!r} must be in folder {slug(label)!r}, not {entry.slug!r}")
        if len({entry.slug for entry in self.classes.values()}) < len(self.classes):
            raise ValueError("two classes would share a folder")
        trained = {entry.slug for entry in self.classes.values() if entry.status == "trained"}
        if not trained.issuperset(self.translators) or len({*self.translators}) < len(self.translators):
            raise ValueError("`translators` must name folders of trained classes, each once")
        within = [f"{folder}/{TRANSLATOR}" for folder in self.translators]
        folders = [*self.folders, *within, *([WORDS] if self.words else [])]
        expected = {f"{folder}/{name}" for folder in folders for name in (MANIFEST, WEIGHTS)}
        if set(self.files) != expected:
            odd = sorted(expected ^ set(self.files))
            raise ValueError(f"`files` must name each file of its bundles and no other; {odd[0]!r} is amiss")
        return self

    @property
    def folders(self) -> list[str]:
        """Of the bundles, in the order of the classes; the shared generator's last."""
        trained = [self.classes[label].slug for label in self.order if self.classes[label].status == "trained"]
        return [*trained, SHARED] if self.shared else trained

    def bound(self, folder: str) -> dict[str, str]:
        """The SHA-256 of the manifest and the weights of a bundle, by file."""
        return {name: self.files[f"{folder}/{name}"] for name in (MANIFEST, WEIGHTS)}


Form = TypeVar("Form", bound=Closed)
OfBundle = TypeVar("OfBundle", bound=BundleForm)


def read_manifest(folder: Path, bound: Mapping[str, str] | None = None) -> Manifest:
    """As `read_form`, of a generator of one class."""
    return read_form(folder, Manifest, MANIFEST_FORMAT, bound)


def read_form(folder: Path, form: type[OfBundle], number: int, bound: Mapping[str, str] | None = None) -> OfBundle:
    """The manifest of a bundle, checked against its schema and its own hash; number: of the form's version; bound: of a
    set, what its index says of the manifest and of the weights, file -> SHA-256. Raises `BundleError`."""
    path = folder / MANIFEST
    content = read_limited(path, MAX_MANIFEST_BYTES)
    manifest = parse_form(path, content, form, number)
    for name, digest in ((MANIFEST, sha256(content)), (WEIGHTS, manifest.weights_sha256)):
        if bound is not None and bound[name] != digest:
            raise damaged(folder / name, "wrong_bundle", f"its SHA-256 is not the one in {INDEX}: it is of another set")
    return manifest


def read_index(folder: Path) -> Index:
    """index.json of a set, checked against its schema and its own hash. Raises `BundleError`."""
    path = folder / INDEX
    return parse_form(path, read_limited(path, MAX_INDEX_BYTES), Index, INDEX_FORMAT)


def signed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `sha256`, the hash of all the others."""
    return {**values, "sha256": sha256_json({key: value for key, value in values.items() if key != "sha256"})}


def parse_form(path: Path, content: bytes, form: type[Form], format_number: int) -> Form:
    """A JSON file of a bundle: one mapping, of this form, which has `sha256`, signed, spelled as it is written. Raises
    `BundleError`."""
    text, values = parse_json(path, content)
    if not isinstance(values, dict):
        raise damaged(path, "not_json", f"it holds a {type(values).__name__}, not a mapping")
    found = values.get("format")
    if type(found) is not int or found != format_number:
        stated = "states no format" if found is None else f"is of format {str(found)[:20]!r}"
        newer = type(found) is int and found > format_number
        what = f"it {stated}, {'of a newer version, ' * newer}and this version reads format {format_number}"
        raise damaged(path, "wrong_format", what, UPDATE if newer else ANEW)
    try:
        made = form.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        code = "unknown_key" if first["type"] == "extra_forbidden" else "bad_value"
        raise damaged(path, code, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if signed(values)["sha256"] != values["sha256"]:
        raise damaged(path, "wrong_hash", "its SHA-256 is not the one it states")
    if json_text(values) != text:
        raise damaged(path, "not_canonical", "its keys, spaces or numbers are not spelled as this program writes them")
    return made


def parse_json(path: Path, content: bytes) -> tuple[str, Any]:
    """The text of a JSON file and its value; no key stands twice, no number is NaN. Raises `BundleError`."""
    try:
        text = content.decode()
        return text, json.loads(text, object_pairs_hook=_each_key_once, parse_float=_number, parse_constant=_number)
    except KeyError as error:
        raise damaged(path, "double_key", f"the key {str(error.args[0])[:MAX_SHOWN]!r} stands twice") from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, "not_json", f"not JSON: {error}") from error


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values, keys = dict(pairs), [key for key, _ in pairs]
    if len(values) < len(pairs):
        raise KeyError(next(key for key in keys if keys.count(key) > 1))
    return values


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:MAX_SHOWN]} is not finite")
    return value


def read_limited(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file of a bundle. Raises `BundleError` when it is missing, a link, no regular file, or larger than
    `max_bytes`."""
    refuse_link(path)
    try:
        return read_file(path, max_bytes)
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.EINVAL, errno.EISDIR):
            code = "too_large" if error.errno == errno.EFBIG else "not_regular"
            raise damaged(path, code, str(error.strerror)) from error
        code = "missing" if isinstance(error, FileNotFoundError | NotADirectoryError) else "unreadable"
        mend = f"Run `dvc repro train` to make the generators, or give the folder that holds {INDEX}."
        raise BundleError(f"{printable(str(path), line=True)}: {error.strerror}. {mend}", code) from error


def refuse_link(path: Path) -> None:
    """A bundle holds what it names: a link would lead to any other file. Raises `BundleError`."""
    if path.is_symlink():
        raise damaged(path, "link", "a symbolic link, which may lead anywhere; copy the file itself to its place")


def damaged(path: Path, code: str, what: str, mend: str = AGAIN) -> BundleError:
    """The error to raise for a file that is not what it should be; what stood there is shown short and printable."""
    seen = printable(what if len(what) <= MAX_SHOWN else what[:MAX_SHOWN] + "...", line=True)
    return BundleError(f"{printable(str(path), line=True)}: {seen}. {mend}", code)
