"""The settings of params.yaml: their schema, how they are read, and the words for mistakes in them."""

from augment.params.image_sections import Generate, Ingest, Override, Train
from augment.params.loading import check, load, read
from augment.params.schema import Compute, Evaluate, Params

__all__ = [
    "Compute",
    "Evaluate",
    "Generate",
    "Ingest",
    "Override",
    "Params",
    "Train",
    "check",
    "load",
    "read",
]
