"""What `generate` and `evaluate` could not begin with, for `augment check`: they say so after GANs have trained."""

from collections.abc import Callable, Sequence
from pathlib import Path

from augment.core.errors import AugmentError
from augment.data.entries import Blocker, Entry
from augment.data.prepare import POOL, image_set
from augment.data.split.split import nearest
from augment.evaluation.experiment.external import read_external
from augment.evaluation.experiment.protocol import Splits, build_protocol
from augment.evaluation.experiment.provenance import veto_mode_for
from augment.evaluation.experiment.settings import check_held_out, check_installed, check_primary
from augment.gan.settings import has_pinned_start
from augment.params import Params


def evaluate_blockers(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Blocker]:
    """shape: (C, H, W) of the images, which have been split."""
    train, val, test, pool = (
        image_set([image for image in images if image.split == side], shape[0], shape[1:])
        for side in ("train", "val", "test", POOL)
    )
    chosen, classes = params.evaluate, train.classes
    normal, base, external = chosen.normal, Path(params.train.base), Path(chosen.external)
    blockers: list[Blocker] = []

    def require(question: Callable[[], object]) -> None:
        try:
            question()
        except AugmentError as error:
            blockers.extend(Blocker("params.yaml", "evaluate", line) for line in str(error).splitlines())

    repeats = [Splits(train, val, test)]

    def plan_repeats() -> None:
        seeds, veto_mode = chosen.seeds, chosen.gate
        repeats[:] = build_protocol(
            repeats[0], pool, chosen.protocol, seeds, chosen.repeats, params.seed, veto_mode
        ).unique_splits

    def check_filters() -> None:
        for splits in repeats:
            check_held_out(splits, params)

    def check_metric() -> None:
        for splits in repeats:
            check_primary(splits, chosen)

    require(plan_repeats)
    require(check_filters)
    if normal is not None and normal not in classes:
        message = f"evaluate.normal: there is no class {normal!r}; {nearest(normal, classes)}"
        blockers.append(Blocker("params.yaml", "unknown_class", message))
    else:
        require(check_metric)
    require(lambda: check_installed(chosen))
    if base.is_dir():  # DVC tells of folders that are not there
        require(lambda: veto_mode_for(has_pinned_start(params.train), chosen))
    if external.is_dir():
        require(lambda: read_external(external, params.ingest, classes, shape))
    return blockers
