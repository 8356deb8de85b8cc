"""`augment new` and `augment upgrade`: a project folder for people without a clone, and its way to a newer version."""

import shlex
import shutil
from pathlib import Path

import augment
from augment import params
from augment.core.errors import AugmentError
from augment.core.words import printable
from augment.project.starter.files import RECORD, default_settings, project_files, record_of, settings_of
from augment.project.starter.making import make
from augment.project.starter.upgrading import NEW, changes_of_settings
from augment.project.starter.upgrading import upgrade as upgrade_files


def new(project: Path) -> int:
    """Make the project and say what comes next; returns 0. Raises `AugmentError` when nothing was made."""
    if shutil.which("git") is None:
        raise AugmentError("new needs git, and there is none on the PATH. Install git, then run the same command again")
    files = project_files()
    left = make(project, files | {RECORD.as_posix(): record_of(files).text().encode()})
    name = printable(str(project), line=True)
    print(f"{name}: a project of gan-augment {augment.__version__}, under git and DVC; its settings are in params.yaml")
    if left:
        print(f"note: {left}")
    steps = [f"  cd {printable(shlex.quote(str(project)), line=True)}"] if project.resolve() != Path.cwd() else []
    steps += [
        "  augment run FOLDER  # your images, a folder for each class: looks, sets, trains, judges",
        "  dvc repro           # or the built-in example, in four minutes",
    ]
    print("\n".join(["Next:", *steps]))
    return 0


def upgrade(project: Path) -> int:
    """Replace what nobody changed, and say what is new; returns 0. Raises `AugmentError` as `upgrade_files` does."""
    file = project / "params.yaml"
    params.read(file)  # a file that nobody can read is told of first
    before, done = upgrade_files(project, project_files())
    print(f"from gan-augment {before.version} to {augment.__version__}")
    for what, paths in (("replaced", done.replaced), ("removed", done.removed)):
        if paths:
            print(f"{what}: {', '.join(paths)}")
    for path in done.kept:
        print(f"kept, as you changed it: {path}. The new one is {path}{NEW}: take over what you want, then delete it")
    own = params.read(file)
    own = settings_of(own) if isinstance(own, dict) else {}
    settings = list(changes_of_settings(before.defaults, default_settings(), own))
    print("\n".join(["settings:", *(f"  {line}" for line in settings)]) if settings else "settings: none changed")
    print("Next: `augment check`, then `dvc repro`, which runs what is new")
    return 0
