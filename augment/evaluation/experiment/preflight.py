"""What `generate` and `evaluate` could not begin with, for `augment check`: they say so after GANs have trained."""

from collections.abc import Callable, Sequence
from pathlib import Path

from augment.core.errors import AugmentError
from augment.data.entries import Entry, Stop
from augment.data.prepare import POOL, image_set
from augment.data.split.split import nearest
from augment.evaluation.experiment.external import read
from augment.evaluation.experiment.protocol import Splits, plan
from augment.evaluation.experiment.provenance import gate_beside
from augment.evaluation.experiment.settings import check_extras, check_held_out, check_primary
from augment.gan.settings import has_pinned_base
from augment.params import Params


def evaluate_stops(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Stop]:
    """shape: (C, H, W) of the images, which have been split."""
    train, val, test, pool = (
        image_set([image for image in images if image.split == side], shape[0], shape[1:])
        for side in ("train", "val", "test", POOL)
    )
    chosen, classes = params.evaluate, train.classes
    normal, base, external = chosen.normal, Path(params.train.base), Path(chosen.external)
    stops: list[Stop] = []

    def ask(question: Callable[[], object]) -> None:
        try:
            question()
        except AugmentError as error:
            stops.extend(Stop("params.yaml", "evaluate", line) for line in str(error).splitlines())

    repeats = [Splits(train, val, test)]

    def plan_repeats() -> None:
        seeds, gate = chosen.seeds, chosen.gate
        repeats[:] = plan(repeats[0], pool, chosen.protocol, seeds, chosen.repeats, params.seed, gate).distinct

    def filters() -> None:
        for own in repeats:
            check_held_out(own, params)

    def figures() -> None:
        for own in repeats:
            check_primary(own, chosen)

    ask(plan_repeats)
    ask(filters)
    if normal is not None and normal not in classes:
        message = f"evaluate.normal: there is no class {normal!r}; {nearest(normal, classes)}"
        stops.append(Stop("params.yaml", "unknown_class", message))
    else:
        ask(figures)
    ask(lambda: check_extras(chosen))
    if base.is_dir():  # DVC tells of folders that are not there
        ask(lambda: gate_beside(has_pinned_base(params.train), chosen))
    if external.is_dir():
        ask(lambda: read(external, params.ingest, classes, shape))
    return stops
