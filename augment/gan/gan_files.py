"""The files that are kept of a GAN: checkpoints, and in the end the finished weights, in a folder of its own."""

from contextlib import ExitStack
from pathlib import Path

from augment.core.files import exclusive, sweep_temporaries
from augment.project.sealed import read_sealed, write_sealed

CHECKPOINT, PREVIOUS, FINISHED = "checkpoint.pt", "previous.pt", "finished.pt"


class GanFiles:
    """Files of this machine, each sealed under the name of its folder."""

    def __init__(self) -> None:
        self._held: dict[Path, ExitStack] = {}

    def hold(self, folder: Path) -> None:
        """For this run alone. A unit that was lost with its machine held it, and is here again. Raises `InUseError`."""
        if folder not in self._held:
            with ExitStack() as opened:
                opened.enter_context(exclusive(folder))
                self._held[folder] = opened.pop_all()
        sweep_temporaries(folder)

    def release(self, folder: Path) -> None:
        self._held.pop(folder, ExitStack()).close()

    def read(self, folder: Path, name: str) -> bytes | None:
        """None where it is absent, damaged, or another GAN's."""
        return read_sealed(folder / name, folder.name)

    def save_checkpoint(self, folder: Path, content: bytes) -> None:
        """Two generations: the older one stays until the newer one is whole. Raises `StoreError`."""
        newest = folder / CHECKPOINT
        if newest.exists():
            newest.replace(folder / PREVIOUS)
        write_sealed(newest, folder.name, content)

    def save_finished(self, folder: Path, content: bytes) -> None:
        """Keep what is finished; checkpoints have served. Raises `StoreError`."""
        write_sealed(folder / FINISHED, folder.name, content)
        for name in (CHECKPOINT, PREVIOUS):
            (folder / name).unlink(missing_ok=True)
