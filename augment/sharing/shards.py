"""Images within tar files, as webdataset reads them: the files of one image stand side by side under one name."""

import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from augment.sharing.images import SharedImage

IMAGES = 1000  # of a shard: a few shards even of small sets, so that several readers share the work


def write_shards(folder: Path, split: str, images: Iterable[SharedImage], classes: Sequence[str]) -> None:
    """Of each image NNNNNN.png, NNNNNN.cls (its class index) and NNNNNN.json (label, synthetic, weight); equal images
    give equal bytes."""
    numbered, number = enumerate(images), 0
    while part := list(islice(numbered, IMAGES)):
        (folder / f"{split}-{number:05d}.tar").write_bytes(shard(part, classes))
        number += 1


def shard(numbered: Iterable[tuple[int, SharedImage]], classes: Sequence[str], prefix: str = "") -> bytes:
    """One tar file of images, named by their numbers."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for number, image in numbered:
            told = {"label": classes[image.label], "synthetic": image.synthetic, "weight": image.weight}
            name = f"{prefix}{number:06d}"
            _add(archive, f"{name}.png", image.content)
            _add(archive, f"{name}.cls", str(image.label).encode())
            _add(archive, f"{name}.json", json.dumps(told, ensure_ascii=False).encode())
    return stream.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # of no owner and no time
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
