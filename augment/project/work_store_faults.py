"""What can be wrong with the work store and the test ledger, and the command that mends it."""

import io
from collections.abc import Iterator
from pathlib import Path
from zipfile import is_zipfile

from augment.core.errors import StoreError
from augment.core.files import SEEN_STORE, WORK_STORE
from augment.core.progress import counted
from augment.project.mends import Fault, beside, move_aside
from augment.project.query_ledger import LEDGER, MARK, unreadable_lines
from augment.project.sealed import is_sealed, read_sealed
from augment.project.work_store import StoredGan, survey


def store_faults(project: Path, free: Iterator[Path]) -> Iterator[Fault]:
    """Everything wrong with .work; the trainer passes over a damaged GAN and makes it anew, so that costs time only."""
    store = project / WORK_STORE
    if (store.is_symlink() or store.exists()) and not store.is_dir():
        what = f"{WORK_STORE} is no folder, and the work store must be one"
        yield Fault(what, f"mv {WORK_STORE} {beside(store).name}")
        return
    damaged = [gan for gan in survey(store) if not _is_whole(gan)]
    if damaged:
        gans = counted(len(damaged), "GAN")
        what = f"{WORK_STORE}: {gans} damaged, another's or of an older release; made anew if needed"
        yield Fault(what, move_aside((WORK_STORE / gan.folder.name for gan in damaged), next(free)))
    kept = sorted(file for file in (project / SEEN_STORE).glob("*") if file.suffix in (".seen", ".strength"))
    if wrong := [SEEN_STORE / file.name for file in kept if not is_sealed(file, file.stem)]:
        files = counted(len(wrong), "file")
        what = f"{SEEN_STORE}: {files} damaged, another's or of an older release; it looks again if needed"
        yield Fault(what, move_aside(wrong, next(free)))
    yield from _ledger_faults(project)


def _ledger_faults(project: Path) -> Iterator[Fault]:
    """The mend marks the lines as told of; they stay, and count for ever."""
    try:
        lines = unreadable_lines(project / LEDGER, told=False)
    except StoreError as error:
        yield Fault(str(error), f"mv {LEDGER} {WORK_STORE}/{beside(project / LEDGER).name}")
        return
    if lines:
        what = f"{LEDGER}: {counted(lines, 'line')} cannot be read, each perhaps an earlier look at a test set"
        suffix = beside(project / LEDGER).name.removeprefix(LEDGER.name)
        known = f"/^([0-9a-f]{{64}},[0-9a-f]{{64}}[[:space:]]*|{MARK}.*|[[:space:]]*)$/!s/^/{MARK}/"
        yield Fault(what, f"LC_ALL=C sed -i{suffix} -E '{known}' {LEDGER}")


def _is_whole(gan: StoredGan) -> bool:
    contents = (read_sealed(file, gan.folder.name) for file in gan.folder.glob("*.pt"))
    return all(content is not None and is_zipfile(io.BytesIO(content)) for content in contents)
