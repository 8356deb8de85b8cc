"""A bundle is a folder with `manifest.json` (closed schema, hash of the weights, hash of itself) and
`generator.safetensors` (the averaged generator; the discriminator is never exported).

Reading touches no pickle, no code, and no name to import.
"""

import errno
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from augment.core.errors import BundleError
from augment.core.files import read_file, sha256_json
from augment.gan.networks.architecture import Architecture, NetworkName

MANIFEST, WEIGHTS = "manifest.json", "generator.safetensors"
MAX_MANIFEST_BYTES = 1_000_000
MAX_LABEL_LENGTH = 1024


class Manifest(BaseModel):
    """manifest.json of a bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1]
    label: str = Field(min_length=1, max_length=MAX_LABEL_LENGTH)
    slug: str = Field(pattern=r"^[a-z0-9-]{1,48}$")
    network: NetworkName
    channels: Literal[1, 3]
    height: int = Field(ge=2, le=256)
    width: int = Field(ge=2, le=256)
    latent: int = Field(ge=1, le=1024)
    features: int = Field(ge=4, le=256)
    training: dict[str, str | int | float]
    environment: dict[str, str]
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def architecture(self) -> Architecture:
        return Architecture(self.network, self.channels, self.height, self.width, self.latent, self.features)


def read_manifest(path: Path) -> Manifest:
    """A manifest checked against its schema and its own hash."""
    content = read_limited(path, MAX_MANIFEST_BYTES)
    try:
        values = json.loads(content)
        manifest = Manifest.model_validate(values)
        actual = sha256_json({key: value for key, value in values.items() if key != "sha256"})
    except ValidationError as error:
        first = error.errors()[0]
        raise damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"not JSON: {error}") from error
    if actual != manifest.sha256:
        raise damaged(path, "its SHA-256 is not the one it states")
    return manifest


def read_limited(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file of a bundle. Raises `BundleError` when it is missing or larger than `max_bytes`."""
    try:
        return read_file(path, max_bytes)
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.EINVAL):
            raise damaged(path, str(error.strerror)) from error
        raise BundleError(
            f"{path}: {error.strerror}. Run `dvc repro train` to make the generators, or give the folder "
            "that holds index.json."
        ) from error


def damaged(path: Path, what: str) -> BundleError:
    """The error to raise for a file that is not what it should be."""
    return BundleError(f"{path}: {what}. Delete the folder and run `dvc repro train`, or fetch it again.")
