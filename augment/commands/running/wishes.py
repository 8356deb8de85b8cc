"""What the command line of `augment run` asks for."""

from dataclasses import dataclass
from typing import Any

from augment.commands.running.changes import parse_changes
from augment.core.errors import ParamsError

SIZE = "ingest.size"


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for; size: longer side of the working size, pixels; changes: `section.key=value`."""

    size: int | None = None
    seeds: int | None = None
    quick: bool = False
    changes: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """Dotted keys -> values, but for the size, which depends on the images. Raises `ParamsError`."""
        asked = parse_changes(self.changes)
        twice = [f"--set {key}: --size gives it too" for key in asked if key == SIZE and self.size]
        twice += [f"--set {key}: --seeds gives it too" for key in asked if key == "evaluate.seeds" and self.seeds]
        twice += [f"--set {key}: FOLDER gives it" for key in asked if key in ("ingest.path", "ingest.source")]
        if twice:
            raise ParamsError("\n".join([*twice, "Nothing was written."]))
        return asked | ({"evaluate.seeds": self.seeds} if self.seeds else {})
