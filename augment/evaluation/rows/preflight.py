"""Before a run on rows: what a later stage could not begin with."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from augment.data.entries import SPLITS, Blocker
from augment.data.prepare import POOL
from augment.data.rows.findings import RowFindings
from augment.data.rows.prepare import row_set
from augment.data.rows.rowset import RowSet
from augment.data.rows.wording import in_rows
from augment.evaluation.experiment.preflight import blockers_of, unknown_normal
from augment.evaluation.experiment.protocol import Splits, check_primary, primary_metric
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.evaluation.rows.experiment import arms_of_rows
from augment.evaluation.rows.external import read_external_rows, require_apart
from augment.gan.rows.settings import row_settings
from augment.params import Params
from augment.params.arms import misfit


def split_rows(findings: RowFindings) -> tuple[Splits[RowSet], RowSet]:
    """The sides, and what the split left over, as `ingest` would write them."""
    return Splits(*(row_set(findings, side) for side in SPLITS)), row_set(findings, POOL)


def row_blockers(findings: RowFindings, params: Params) -> list[Blocker]:
    """Of rows that are split and settings for them."""
    chosen, (splits, pool) = params.evaluate, split_rows(findings)
    if fault := misfit(chosen.arms, chosen.classifier, params.ingest.source, of_rows=True):
        return [Blocker("params.yaml", "evaluate", fault)]
    classes, repeats = splits.train.classes, [splits]

    def plan_repeats() -> None:
        repeats[:] = prepared_protocol(splits, pool, params, pinned=False).unique_splits

    def look_elsewhere() -> None:
        external = read_external_rows(Path(chosen.external), params.ingest, splits.train.schema, classes)
        if external is not None:
            require_apart(external, [side for one in repeats for side in (one.train, one.val)])

    blockers = blockers_of(plan_repeats) + blockers_of(lambda: arms_of_rows(params))
    blockers += blockers_of(lambda: row_settings(params.train, splits.train.counts()))
    blockers += blockers_of(look_elsewhere)
    if chosen.normal is not None and chosen.normal not in classes:
        blockers.append(unknown_normal(chosen.normal, classes))
    else:
        blockers += [one for sides in repeats for one in blockers_of(_metric_of(sides, params))]
    return [replace(one, message=in_rows(one.message)) for one in dict.fromkeys(blockers)]


def _metric_of(sides: Splits[RowSet], params: Params) -> Callable[[], None]:
    return lambda: check_primary(sides, primary_metric(params))
