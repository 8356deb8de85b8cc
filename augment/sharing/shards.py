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
    numbered, shard = enumerate(images), 0
    while part := list(islice(numbered, IMAGES)):
        with tarfile.open(folder / f"{split}-{shard:05d}.tar", "w") as archive:
            for number, image in part:
                told = {"label": classes[image.label], "synthetic": image.synthetic, "weight": image.weight}
                _add(archive, f"{number:06d}.png", image.content)
                _add(archive, f"{number:06d}.cls", str(image.label).encode())
                _add(archive, f"{number:06d}.json", json.dumps(told, ensure_ascii=False).encode())
        shard += 1


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # of no owner and no time
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
