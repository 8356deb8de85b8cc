"""The kinds of values that params.yaml holds: labels, sizes, steps, shares, paths."""

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from augment.core.yaml_text import SpelledInt


def _text_keys(value: Any) -> Any:
    """Labels that look like numbers (digits!) are still labels; letters are composed, as ingest does with folders'."""
    if not isinstance(value, Mapping):
        return value
    return {unicodedata.normalize("NFC", str(key)): item for key, item in value.items()}


def _text(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value.spelled if isinstance(value, SpelledInt) else str(value)
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


LARGE_FROM_PX = 16  # a shorter side, and networks need fewer steps, and bf16 costs more than it saves
BACKBONE_MAX_SIDE_PX = 224  # the largest shorter side that a pretrained network is shown
Label = Annotated[str, BeforeValidator(_text)]
Size = Annotated[int, Field(ge=2, le=256)]
DeliveredSize = Annotated[int, Field(ge=2, le=2048)]
MAX_STEPS = 10_000_000
MAX_GAMMA = 10_000
Steps = Annotated[int, Field(ge=1, le=MAX_STEPS)] | Literal["auto"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Flips = Literal["none", "horizontal", "vertical", "both"]
ColumnKind = Literal["numeric", "integer", "categorical", "left_out"]
SampleSource = Literal["auto", "own", "borrowed", "translated", "learned"]
CARRIED = frozenset(("translated", "learned"))  # sources of samples that are defects on other images
Probability = Annotated[float, Field(ge=0, le=1)]
TextKeys = BeforeValidator(_text_keys)
PerClass = Annotated[dict[str, Annotated[int, Field(ge=1)]], TextKeys]


def _address(text: str) -> str:
    if text != "auto" and not re.fullmatch(r"([^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", text):
        raise ValueError(f"{text!r} is no address of a Ray cluster: give host:port of its head, auto, or null")
    return text


ClusterAddress = Annotated[str, AfterValidator(_address)]

OUTPUTS = ("data/prepared", "data/synthetic", "data/experiment", "data/augmented", "models", "reports")
"""What dvc.yaml lets the stages write; DVC empties it before they run."""


def _watched(path: str) -> str:
    """A path that DVC may watch: on this disk, and apart from what the pipeline writes."""
    if "://" in path:
        raise ValueError(f"{path!r} is an address; give a folder or file on this disk")
    parts = PurePath(os.path.normpath(os.path.relpath(path))).parts
    for output in OUTPUTS:
        folder = PurePath(output).parts
        if set(parts) <= {".."} or parts == folder[: len(parts)] or parts[: len(folder)] == folder:
            raise ValueError(
                f"{path!r} is, holds or lies in {output}, which the pipeline writes and every run empties; "
                "copy what is needed to a folder of its own and name that"
            )
    return path


WatchedPath = Annotated[str, Field(min_length=1), AfterValidator(_watched)]
