"""A first look: the settings that a run of `augment run --quick` ends in time with, chosen by what its parts take."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from augment.data.findings import Findings
from augment.evaluation.cost.schedule import Work, planned_seconds, work_of
from augment.evaluation.experiment.settings import arms_for, classifier_steps, seen_size_of
from augment.gan.settings import LARGE_IMAGE_STEPS, SMALL_IMAGE_STEPS
from augment.params import Params
from augment.params.arms import DISTANCE_ARM, FIRST_LOOK_ARMS, FIRST_LOOK_SEEDS, REQUIRED_ARMS, Arm
from augment.params.types import LARGE_FROM_PX

FIRST_LOOK_MINUTES = 10.0
MARGIN = 4 / 3  # what is told is right within a third
SIDE_PX = 32  # longer side of what GANs learn, at most
SIDES_PX = (SIDE_PX, 24, 16)
RUNGS: tuple[dict[str, Any], ...] = (  # the most thorough first; the last goes as low as still says anything
    {"evaluate.seeds": FIRST_LOOK_SEEDS},
    {"evaluate.seeds": 2},
    {"evaluate.seeds": 2, "train.shared_steps": 2500, "evaluate.steps": 800},
    {"evaluate.seeds": 2, "train.shared_steps": 1500, "train.steps": 200, "evaluate.steps": 600},
    {"evaluate.seeds": 2, "train.shared_steps": 800, "train.steps": 100, "evaluate.steps": 400},
)


def rungs(findings: Findings, params: Params) -> Iterator[dict[str, Any]]:
    """Dotted keys -> values, for images that are split; the most thorough first. Nothing is ever raised above what
    `params` say."""
    seen = seen_size_of(findings.usable, findings.shape[1:], params)
    always: dict[str, Any] = {
        "evaluate.arms": kept_arms(arms_for(params.evaluate, *seen), params),
        "generate.per_class": 200,
    }
    always |= {"evaluate.second_classifier": "off"}
    now = _in_numbers(findings, params)
    for rung in RUNGS:
        yield {key: value for key, value in (always | rung).items() if key not in now or value < now[key]}


def kept_arms(arms: Sequence[Arm], params: Params) -> list[Arm]:
    """Of the arms that would run, those of a first look, with what other settings insist on."""
    insisted = {*REQUIRED_ARMS, params.evaluate.classifier, params.evaluate.augmentation}
    insisted |= {DISTANCE_ARM} if params.evaluate.normal and params.evaluate.primary != "recall_at_far" else set()
    return [arm for arm in arms if arm in FIRST_LOOK_ARMS or arm in insisted]


def choose_rung(
    findings: Findings, params: Params, changed: Callable[[dict[str, Any]], Params]
) -> tuple[dict[str, Any], Work, bool]:
    """The first rung that is planned to end in time, else the last one; what it consists of, and whether it does end.

    In time on cores that nothing else is busy on: what happens to run beside it should not decide what is looked at.
    changed: settings of a rung -> the whole settings with these.
    """
    work: Work | None = None
    chosen: dict[str, Any] = {}
    for chosen in rungs(findings, params):
        work = work_of(findings.shape, findings.usable, changed(chosen), work)
        if work.free * planned_seconds(work) * MARGIN <= 60 * FIRST_LOOK_MINUTES:
            return chosen, work, True
    assert work is not None
    return chosen, work, False


def _in_numbers(findings: Findings, params: Params) -> dict[str, int]:
    """What the numbers of a rung are now, `auto` among them."""
    channels, height, width = findings.shape
    shared, steps = SMALL_IMAGE_STEPS if min(height, width) < LARGE_FROM_PX else LARGE_IMAGE_STEPS
    train, classes = params.train, len(findings.counts())
    return {
        "evaluate.seeds": params.evaluate.seeds,
        "evaluate.steps": classifier_steps(params.evaluate, height, width),
        "train.shared_steps": shared if train.shared_steps == "auto" else train.shared_steps,
        "train.steps": steps if train.steps == "auto" else train.steps,
        "generate.per_class": params.generate.samples_of_each(classes, channels, height, width),
    }
