"""What a command tells before anything trains, by the settings of a file as they are by then."""

from collections.abc import Sequence
from pathlib import Path

from augment.data.entries import Blocker, Entry
from augment.data.findings import Findings
from augment.data.sizes import Size
from augment.evaluation.cost.forecast import disk_blockers, forecast
from augment.evaluation.cost.size_worth import size_worth_lines
from augment.evaluation.cost.working_size import choose_working_size
from augment.evaluation.experiment.preflight import experiment_blockers
from augment.params import Params, load


def preflight(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Blocker]:
    """What later stages could not begin with, and disks without room for what they write; shape (C, H, W)."""
    return experiment_blockers(shape, images, params) or disk_blockers(shape, images, params)


def outlook(file: Path, findings: Findings) -> list[str]:
    """What size is worth, and what a run will take and can show."""
    params = load(file) if file.exists() else Params()
    return [*size_worth_lines(findings, params), *forecast(findings.shape, findings.usable, params)]


def working_size(file: Path, findings: Findings) -> tuple[Size, str]:
    """What the GANs of such images, which are split, may have, so that a run ends in time; and why."""
    return working_size_for(load(file), findings)


def working_size_for(params: Params, findings: Findings) -> tuple[Size, str]:
    """The same, by settings that stand in no file yet."""
    return choose_working_size(findings.sizes, findings.channels, findings.usable, params)
