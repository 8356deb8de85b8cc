"""`augment new`: a project folder for people without a clone."""

import shutil
from pathlib import Path

import augment
from augment.core.errors import AugmentError
from augment.core.words import printable
from augment.project.starter.files import RECORD, project_files, record_of
from augment.project.starter.making import make


def run(project: Path) -> int:
    """Make the project and say what comes next; returns 0. Raises `AugmentError` when nothing was made."""
    if shutil.which("git") is None:
        raise AugmentError("new needs git, and there is none on the PATH. Install git, then run the same command again")
    files = project_files()
    left = make(project, files | {RECORD.as_posix(): record_of(files).text().encode()})
    name = printable(str(project), line=True)
    print(f"{name}: a project of gan-augment {augment.__version__}, under git and DVC; its settings are in params.yaml")
    if left:
        print(f"note: {left}")
    steps = [f"  cd {name}"] if Path(project).resolve() != Path.cwd() else []
    steps += [
        "  augment init FOLDER  # your images, a folder for each class: looks at them, writes the settings",
        "  dvc repro            # everything; before `init`, the built-in example in four minutes",
    ]
    print("\n".join(["Next:", *steps]))
    return 0
