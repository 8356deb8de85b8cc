"""`augment upgrade`: the project in this folder, brought to the installed version."""

from pathlib import Path

import augment
from augment import params
from augment.project.starter.files import default_settings, project_files, settings_of
from augment.project.starter.upgrading import NEW, changes_of_settings, upgrade


def run(project: Path) -> int:
    """Replace what nobody changed, and say what is new; returns 0. Raises `AugmentError` as `upgrade` does."""
    file = project / "params.yaml"
    params.read(file)  # a file that nobody can read is told of first
    before, done = upgrade(project, project_files())
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
