"""`augment run` of a table or of vectors: settings, the pipeline, and what came of it, all within minutes."""

from pathlib import Path

from augment.commands.params_file import edited
from augment.commands.running.planning import Wishes
from augment.commands.running.requirements import require_project
from augment.commands.running.run import FILE, closing, reproduce, stopped
from augment.commands.tables import init_rows
from augment.core.errors import ParamsError
from augment.core.files import write_text


def run_table(path: Path, wishes: Wishes, label: str | None) -> int:
    """As `run` of images; label: the column of the class, None to find it. Raises `AugmentError`."""
    asked = [name for name, given in (("--size", wishes.size), ("--quick", wishes.quick)) if given]
    if asked:
        raise ParamsError(f"{asked[0]}: it is for images; a table takes minutes as it is. Nothing was written.")
    require_project(Path())
    changes = wishes.settings()
    init_rows(path, FILE, label)
    if changes:
        write_text(FILE, edited(FILE, changes))
    print(flush=True)  # ahead of what the stages say
    status = reproduce(None)
    print("\n".join(["", *(closing(path, False) if status == 0 else [stopped(status, path)])]), flush=True)
    return status
