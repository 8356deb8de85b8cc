"""Tables beside images (meta.csv, metadata.csv, images.csv): read, or refused with a printable sentence."""

import tempfile
from pathlib import Path

from PIL import Image

from augment.data.sources.folder import folder
from augment.data.sources.images_csv import listing
from augment.data.sources.meta import apply
from tests.fuzz.driver import main, require_readable

NAMES = ("meta.csv", "metadata.csv", "images.csv")
SEEDS = [
    b"\0path,class,split,group\na/0.png,a,train,g1\na/1.png,a,test,\nb/0.png,b,val,g2\n",
    b'\0path,group\r\n"a/0.png","x, ""y"""\r\nb/1.png,\r\n',
    b"\0\xef\xbb\xbfpath;split;group\na\\0.png;train;1\n",
    b"\1file_name,label\na/0.png,a\nb/0.png,b\n",
    b"\1,file_name,split,patient\n0,a/0.png,train,7\n1,b/0.png,test,8\n",
    b"\2path,label,group,split\na/0.png,a,1,train\na/1.png,a,2,test\nb/0.png,b,3,\nb/1.png,b,4,val\n",
    b"\2path,label\na/0.png,a\n\na/1.png,b\n",
    "\2path,label\na/0.png,é\nb/0.png,猫\n".encode("utf-16"),
]


class Place:
    """Two classes of two images in a temporary folder, beside which the tables are laid."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="gan-augment-fuzz-")
        self.root = Path(self.folder.name)
        for index, name in enumerate(("a/0.png", "a/1.png", "b/0.png", "b/1.png")):
            (self.root / name).parent.mkdir(exist_ok=True)
            Image.new("L", (4, 4), index).save(self.root / name)


PLACE = Place()


def harness(content: bytes) -> None:
    """The first byte chooses the table, the others are its content."""
    name = NAMES[content[0] % len(NAMES)] if content else NAMES[0]
    for other in NAMES:
        (PLACE.root / other).unlink(missing_ok=True)
    (PLACE.root / name).write_bytes(content[1:])
    if name == "images.csv":
        entries, blockers = listing(PLACE.root)
    else:
        entries, blockers, _ = folder(PLACE.root)
        blockers += apply(PLACE.root, entries)
    for blocker in blockers:
        assert blocker.code.isidentifier()
        require_readable(str(blocker))
    for entry in entries:
        assert entry.outcome in ("ok", "fixed", "ignored", "quarantined", "stop"), entry
        assert entry.declared_split in ("train", "val", "test", "") or blockers


if __name__ == "__main__":
    main(harness, SEEDS)
