"""A run in a copy that DVC makes (`dvc exp run --temp`, `--queue`) sees what git and DVC track; it stops for the rest.

DVC leaves untracked and ignored files out of the copy without a word: a pinned generator would be trained without.
"""

from pathlib import Path

from augment.core.errors import DataError
from augment.core.progress import first_few
from augment.params import Params

COPIES = Path(".dvc/tmp/exps")  # of a project: where DVC puts them
_ON_DISK = ("folder", "idx", "list")


def require_same_inputs(params: Params, here: Path) -> None:
    """Raises `DataError` where a watched folder of the project holds files that this copy lacks; here: its root.

    A run in place, which is no copy, passes.
    """
    project = project_of(here)
    if project is None:
        return
    watched = {"ingest.path": params.ingest.path} if params.ingest.source in _ON_DISK else {}
    watched |= {"ingest.descriptions": params.ingest.descriptions}
    watched |= {"train.base": params.train.base, "generate.selection": params.generate.selection}
    watched |= {"evaluate.external": params.evaluate.external}
    problems = []
    for key, path in watched.items():
        track = "dvc add" if key == "ingest.path" else "git add -f"
        if missing := sorted(_files(project / path) - _files(here / path)):
            problems.append(
                f"{key}: {len(missing)} files of {path} in your project ({first_few(missing, 3)}) are not in this "
                f"temporary copy, as neither git nor DVC tracks them: `{track} {path}`, or run it in place, without "
                "--temp and --queue"
            )
    if problems:
        raise DataError("\n".join(problems))


def project_of(here: Path) -> Path | None:
    """The project that a folder is DVC's copy of; None where it is none."""
    for parent in here.resolve().parents:
        if parent.parts[-len(COPIES.parts) :] == COPIES.parts:
            return parent.parents[len(COPIES.parts) - 1]
    return None


def _files(folder: Path) -> set[str]:
    """Names from the folder on; of a file its own; none where nothing is there."""
    if folder.is_file():
        return {folder.name}
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
