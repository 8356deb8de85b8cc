"""What to do next, in sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from augment.evaluation.statistics.comparisons import Comparison, VerdictWord
from augment.evaluation.statistics.power import growth_to_decide, seeds_to_decide
from augment.evaluation.verdict.wording import VerdictFacts
from augment.params.arms import ROW_OF

FURTHER_ADVICE: dict[VerdictWord, tuple[str, ...]] = {
    "helps": ("The generators in models/ can be imported too.", "{caution}"),
    "helps, negligibly": ("The gain is real but small: weigh it against the cost of keeping generators.",),
    "harms": ("reports/evaluation/acceptance.csv and quality.csv show the classes whose samples are poor.",),
    "equivalent": (),
    "not used": (
        "Train on the real images as val prefers: {chosen_real}.",
        "To give the GANs another chance, raise train.steps and look at the sample grids in models/.",
    ),
}
MAX_GROWTH = 10  # times as many images: more can hardly be labelled


def verdict_advice(facts: VerdictFacts) -> list[str]:
    """First what data/augmented holds and what changes that, then what else is to be done."""
    first = facts.delivery.line(facts.word, facts.families.way)
    if facts.word == "undecided":
        return [first, _deciding_text(facts)]
    known = {"caution": facts.scope.caution, "chosen_real": ROW_OF[facts.selection.chosen_real].spoken}
    return [first, *(line.format(**known) for line in FURTHER_ADVICE[facts.word])]


@dataclass(frozen=True)
class Need:
    """What would take one comparison's interval off 0, if its mean holds.

    seeds: repeats, None where no number of them would; growth: times as many test images, infinite where none would
    """

    comparison: Comparison
    seeds: int | None
    growth: float

    @property
    def effort(self) -> tuple[bool, float]:
        """Larger for what is harder to have."""
        return (self.seeds is None, self.growth if self.seeds is None else self.seeds)


@dataclass(frozen=True)
class Deciding:
    """What would decide an undecided verdict, if the means hold.

    setting: that holds the number of repeats, None where repeats are folds; repeats: so many in all; growth: times as
    many test images, where repeats would not do; both None where nothing that can be had would
    """

    setting: str | None
    repeats: int | None
    growth: float | None


def what_decides(facts: VerdictFacts) -> Deciding | None:
    """None for a verdict that is decided."""
    if facts.word != "undecided":
        return None
    need, setting = _deciding_need(facts)[0], facts.scope.repeats_setting
    if need is None or (need.seeds is None and need.growth > MAX_GROWTH):
        return Deciding(setting, None, None)
    return Deciding(setting, need.seeds, need.growth if need.seeds is None else None)


def _deciding_text(facts: VerdictFacts) -> str:
    need, effect = _deciding_need(facts)
    if need is None:
        best = spoken_rivals(_as_good_controls(facts))
        return f"If the means hold, nothing will decide it for the GAN: {best} do as well or better."
    return _need_text(need, facts.scope.repeats_setting, effect)


def _deciding_need(facts: VerdictFacts) -> tuple[Need | None, str]:
    """To help, every comparison must come above 0, so the hardest of those that have not yet done so counts. A control
    that does as well or better never will; a better real-only arm leaves harm to be shown."""
    if _as_good_controls(facts):
        return None, "help"
    best = next(row for row in facts.rivals if row.rival == facts.net.best_rival)
    setting = facts.scope.repeats_setting
    if best.estimate.mean < 0:
        return _need(best, 1 - 0.05 / best.rival_count, setting), "harm"
    open_rows = [row for row in (*facts.rivals, *facts.controls) if row.gain.low <= 0]
    return max((_need(row, 0.95, setting) for row in open_rows), key=lambda need: need.effort), "help"


def _as_good_controls(facts: VerdictFacts) -> list[Comparison]:
    return [row for row in facts.controls if row.estimate.mean <= 0]


def _need(row: Comparison, confidence: float, setting: str | None) -> Need:
    """Folds cannot be added (setting None), so there only images could decide: about as the square of what is missing.
    Where test images are not what is uncertain, more of them decide nothing."""
    estimate = row.estimate
    if setting is None:
        missing = estimate.half_width(confidence) / abs(estimate.mean) if estimate.mean else math.inf
        return Need(row, None, missing**2)
    growth = growth_to_decide(estimate, confidence) if estimate.test_se else None
    return Need(row, seeds_to_decide(estimate, confidence), math.inf if growth is None else growth)


def _need_text(need: Need, setting: str | None, effect: str) -> str:
    hardest = f"the hardest to tell apart is {ROW_OF[need.comparison.rival].spoken}"
    repeats = "folds" if setting is None else "repeats"
    if need.seeds is not None:
        enough = " and the set has images for so many" if setting == "evaluate.repeats" else ""
        return f"Set `{setting}: {need.seeds}`: if the means hold{enough}, that shows that they {effect}; {hardest}."
    if need.growth > MAX_GROWTH:
        return (
            f"Neither more {repeats} nor as many test images as can be labelled would show a difference so near 0; "
            f"{hardest}."
        )
    images = "images" if setting is None else "test images"
    return (
        f"More {repeats} alone would not decide it. If the means hold, about {need.growth:.1f} times as many {images} "
        f"show that they {effect}; {hardest}."
    )


def spoken_rivals(rows: Sequence[Comparison]) -> str:
    """`this and that`."""
    return " and ".join(ROW_OF[row.rival].spoken for row in rows)
