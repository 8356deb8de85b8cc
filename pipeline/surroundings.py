"""What the last digits depend on beside inputs and settings; a stage says where that is not what it was.

Two runs are bit-equal within one environment only: DVC sees no other library, processor or number of threads.
"""

import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from augment.core.errors import AugmentError
from augment.core.files import write_json
from augment.core.progress import say
from pipeline.start import BLAS_THREADS

LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "pillow", "kornia", "imbalanced-learn")


def surroundings() -> dict[str, str]:
    """Versions, processor and threads; what torch knows of the machine in stages that use it."""
    found = {"python": platform.python_version(), "processor": platform.machine()}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    found |= {name: os.environ.get(name, "") for name in BLAS_THREADS}
    if (torch := sys.modules.get("torch")) is not None:
        found["cpu_capability"] = torch.backends.cpu.get_cpu_capability()
        found["device"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return found


def tell_change(stage: str, kept: Path) -> None:
    """One line where this stage ran last in other surroundings, as the work store has them in the file `kept`."""
    try:
        before = json.loads(kept.read_bytes())
        tell(stage, "its last run was", {str(key): str(value) for key, value in before.items()}, surroundings())
    except (OSError, ValueError, AttributeError, RecursionError):
        return  # never run here, or the note is damaged: it tells, and decides nothing


def keep(kept: Path) -> None:
    """Note where the stage has run."""
    with contextlib.suppress(AugmentError):
        write_json(kept, surroundings())


def tell_makers(stage: str, made_in: Iterable[Mapping[str, str]], now: Mapping[str, str]) -> None:
    """One line where generators were trained in another environment than this; each as a bundle's manifest has it."""
    for before in made_in:
        if changes(before, now):
            tell(stage, "generators of models/ were trained", before, now)
            return


def tell(stage: str, what: str, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    if found := changes(before, now):
        say(f"{stage}: {what} with {', '.join(found)}: the last digits may differ, and with them close decisions")


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """`torch 2.1 (here 2.2)` for all that both name and that differs."""
    return [
        f"{name} {before[name]} (here {now[name]})"
        for name in sorted(before)
        if before[name] != now.get(name, before[name])
    ]
