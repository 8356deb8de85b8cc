"""Beside pyproject.toml: the wheel takes along what `augment new` writes (augment/project/starter/carried.py)."""

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
CARRIED = runpy.run_path(str(ROOT / "augment/project/starter/carried.py"))


class CarryFiles(build_py):
    """Modules, and the files of a new project; an editable install reads those of the clone."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for name in CARRIED["carried"](ROOT):
            target = Path(self.build_lib, CARRIED["IN_WHEEL"], name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)


setup(cmdclass={"build_py": CarryFiles})
