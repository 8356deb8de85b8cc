"""What `evaluate` could not begin with, for `augment check`: evaluate says so long after GANs have trained."""

from collections.abc import Mapping
from pathlib import Path

from augment.data.entries import Stop
from augment.data.split import nearest
from augment.errors import AugmentError
from augment.evaluation.external import read
from augment.evaluation.provenance import gate_beside
from augment.evaluation.settings import check_extras
from augment.gan.settings import has_pinned_base
from augment.params import Params


def evaluate_stops(shape: tuple[int, int, int], counts: Mapping[str, int], params: Params) -> list[Stop]:
    """shape: (C, H, W) of the images; counts: those of each class."""
    normal, external, stops = params.evaluate.normal, Path(params.evaluate.external), []
    if normal is not None and normal not in counts:
        message = f"evaluate.normal: there is no class {normal!r}; {nearest(normal, counts)}"
        stops.append(Stop("params.yaml", "unknown_class", message))
    try:
        check_extras(params.evaluate)
        gate_beside(has_pinned_base(params.train), params.evaluate)
        if external.is_dir():  # DVC tells of one that is not there
            read(external, params.ingest, list(counts), shape)
    except AugmentError as error:
        stops += [Stop("params.yaml", "evaluate", line) for line in str(error).splitlines()]
    return stops
