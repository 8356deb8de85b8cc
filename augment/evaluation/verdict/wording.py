"""The verdict in sentences: what was found, why, what to do next, and what to know of the generators behind it.

Points are percentage points.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.evaluation.statistics.bootstrap import MIN_CLASS_GROUPS
from augment.evaluation.statistics.comparisons import Comparison, Gain, GainOverBest, VerdictWord
from augment.evaluation.statistics.estimates import Estimate
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.statistics.power import growth_to_decide, seeds_to_decide
from augment.evaluation.verdict.scope import Scope
from augment.evaluation.verdict.selection import Selection
from augment.params.arms import ARM_ROWS


@dataclass(frozen=True)
class VerdictFacts:
    """What the texts speak of.

    net: default GAN arm - the best real-only arm on test; rivals: the same against every real-only arm; controls:
    against jittered copies (and others, if they ran) used the same way
    announced, measured: the smallest gain that could be shown, as expected before the run (None: none at all) and with
    the spread that the run had
    """

    word: VerdictWord
    test: MetricTable
    val_images: int
    selection: Selection
    net: GainOverBest
    rivals: Sequence[Comparison]
    controls: Sequence[Comparison]
    equivalence: float
    announced: float | None
    measured: float
    scope: Scope


SENTENCES: dict[VerdictWord, str] = {
    "helps": "The GAN images help: {gain}, {extent}.",
    "helps, negligibly": "The GAN images help, but by less than {margin}: {gain}, {extent}.",
    "harms": "The GAN images harm: {gain}, {extent}.",
    "equivalent": "The GAN images make no difference of {margin} or more: {gain}, {extent} "
    "(90 % interval {interval90}).",
    "undecided": "Whether the GAN images help is undecided: {gain}, {extent}.",
    "not used": "The GAN images are not used: on the val images they did worse than real images alone ({chosen_real}), "
    "so the gain is 0 by choice. On test they would have given {gain}, {extent}.",
}
ADVICE: dict[VerdictWord, tuple[str, ...]] = {
    "helps": ("Train on data/augmented, or import the generators from models/.", "{caution}"),
    "helps, negligibly": ("The gain is real but small: weigh it against the cost of keeping generators.",),
    "harms": (
        "Set `assemble.use: real`: data/augmented then holds real images only.",
        "reports/evaluation/acceptance.csv and quality.csv show the classes whose samples are poor.",
    ),
    "equivalent": ("Real images alone are simpler and as good here: set `assemble.use: real`.",),
    "not used": (
        "data/augmented holds real images only: train on it as the arm `{chosen_real}` does.",
        "To give the GANs another chance, raise train.steps and look at the sample grids in models/.",
    ),
}
SAFE_CHOICE = "Until then real images alone (`assemble.use: real`) are the safe choice."
NEAR_ZERO = "The difference found is so near 0 that no reasonable test would show it."
MAX_GROWTH = 1000  # times as many images: no advice beyond
CONTROL_WORDS = {row.name: row.stand_in for row in ARM_ROWS if row.kind == "control"}


def verdict_sentence(facts: VerdictFacts) -> str:
    """The verdict in one sentence that stands alone."""
    gain, best = gain_text(facts.net.gain, facts.test.name), facts.net.best_rival
    return SENTENCES[facts.word].format(
        gain=f"{gain} over the best way to use real images alone ({best})",
        extent=facts.scope.extent,
        margin=margin_text(facts.equivalence),
        interval90=interval_text(*facts.net.interval90),
        chosen_real=facts.selection.chosen_real,
    )


def verdict_reasons(facts: VerdictFacts) -> list[str]:
    """Which bound against which rival, the control, val's veto, and the limits of this test set."""
    lines = [_bound_sentence(row, "real images alone") for row in facts.rivals]
    lines += [_bound_sentence(row, CONTROL_WORDS.get(row.rival, "a control")) for row in facts.controls]
    as_good = [row.rival for row in facts.controls if row.gain.low <= 0]
    if facts.net.gain.low > 0 and as_good:
        lines.append(
            "The gain over real images alone is not credited to the GAN: in the place of its images "
            f"{' and '.join(CONTROL_WORDS.get(arm, arm) for arm in as_good)} may do as well."
        )
    if facts.word == "harms" and facts.net.gain.low >= -facts.equivalence:
        lines.append(f"The loss is proven but smaller than the margin of {margin_text(facts.equivalence)}.")
    hindsight = next(row for row in facts.rivals if row.rival == facts.net.best_rival)
    if hindsight.gain.high < 0 <= facts.net.gain.high:
        lines.append(
            f"That loss is not called harm: {hindsight.rival} was picked as the best of {hindsight.rival_count} after "
            f"looking at test, and with that counted in the upper bound is {points(facts.net.gain.high)}."
        )
    return [*lines, _veto_sentence(facts), *_limit_sentences(facts)]


def verdict_advice(facts: VerdictFacts) -> list[str]:
    """What to do next."""
    if facts.word == "undecided":
        return [*_deciding_advice(facts), SAFE_CHOICE]
    known = {"caution": facts.scope.caution, "chosen_real": facts.selection.chosen_real}
    return [line.format(**known) for line in ADVICE[facts.word]]


def turned_out_text(facts: VerdictFacts) -> str:
    """The smallest gain, as announced and as measured."""
    expected = "none at all" if facts.announced is None else f"about {100 * facts.announced:.1f} points"
    measured = f"{100 * facts.measured:.1f} points" if facts.measured <= 1 else "none at all"
    return (
        f"The smallest gain that 4 of 5 such runs would show was put at {expected} before the run; "
        f"with the spread that this run had it is {measured}."
    )


def vetoes_text(selection: Selection) -> str:
    """How often val would have vetoed them, repeat by repeat."""
    return f"Taken one by one, {selection.vetoes} of the {selection.repeats} repeats would have vetoed them."


def gain_text(gain: Gain, metric_name: str) -> str:
    """`+2.1 points of balanced accuracy [+0.8, +3.4]`."""
    return f"{points(gain.mean)} points of {metric_name} {interval_text(gain.low, gain.high)}"


def interval_text(low: float, high: float) -> str:
    return f"[{points(low)}, {points(high)}]"


def points(fraction: float) -> str:
    """A signed difference in percentage points, with a second digit where one would hide its sign."""
    value = 100 * fraction
    digits = 2 if 0 < abs(value) < 0.05 else 1
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def margin_text(equivalence: float) -> str:
    """`1 point` or `0.5 points`."""
    margin = 100 * equivalence
    return f"{margin:g} point{'' if margin == 1 else 's'}"


def _bound_sentence(row: Comparison, meaning: str) -> str:
    gain = row.gain
    relation = "better than" if gain.low > 0 else "worse than" if gain.high < 0 else "not told apart from"
    interval = f"{points(gain.mean)} {interval_text(gain.low, gain.high)}"
    return f"{row.candidate} is {relation} {row.rival} ({meaning}): {interval}."


def _veto_sentence(facts: VerdictFacts) -> str:
    comparison = facts.selection.veto_comparison
    if comparison is None:
        return "Val holds no images, or too few normal ones, so it could not veto the GAN images."
    outcome = "does not veto the GAN images" if facts.selection.used else "vetoes the GAN images"
    return (
        f"Val ({facts.val_images} {facts.test.unit}{facts.scope.val_suffix}) {outcome}: "
        f"{points(comparison.estimate.mean)} against {comparison.rival}, 90 % interval "
        f"{interval_text(*comparison.interval90)}; it vetoes them when that lies below 0. "
        f"{vetoes_text(facts.selection)}"
    )


def _limit_sentences(facts: VerdictFacts) -> list[str]:
    """What the reader must know before generalising."""
    lines, small = [f"{facts.scope.scope_sentence} {turned_out_text(facts)}"], facts.test.small_classes
    if small:
        lines.append(
            f"{small} of the classes have fewer than {MIN_CLASS_GROUPS} independent test images or groups: their "
            "spread is judged together and is rough."
        )
    return lines


def _deciding_advice(facts: VerdictFacts) -> list[str]:
    """For the comparison that stands furthest from a decision."""
    hardest = min((*facts.rivals, *facts.controls), key=lambda row: row.gain.low)
    worst = next(row for row in facts.rivals if row.rival == facts.net.best_rival)
    row, confidence = (worst, 1 - 0.05 / worst.rival_count) if worst.estimate.mean < 0 else (hardest, 0.95)
    setting = facts.scope.repeats_setting
    if row.rival in CONTROL_WORDS and row.estimate.mean <= 0:
        control = f"{CONTROL_WORDS[row.rival]} do as well or better ({row.rival})"
        return [f"If the means hold, nothing will decide it for the GAN: {control}."]
    if setting is None:
        return [_more_images(row.estimate, confidence, row.rival)]
    seeds = seeds_to_decide(row.estimate, confidence)
    growth = growth_to_decide(row.estimate, confidence) if row.estimate.test_se else None
    if seeds is not None:
        enough = ", and the set has images for so many" if setting == "evaluate.repeats" else ""
        return [f"Set `{setting}: {seeds}`: if the mean holds{enough}, that decides it against {row.rival}."]
    if growth is None or growth >= MAX_GROWTH:
        return [NEAR_ZERO]
    return [
        f"More seeds alone would not decide it. With this mean, about {growth:.1f} times as many test images would, "
        f"against {row.rival}."
    ]


def _more_images(estimate: Estimate, confidence: float, rival: str) -> str:
    """Folds cannot be added, so only images could decide: about as the square of what is missing."""
    needed = (estimate.half_width(confidence) / abs(estimate.mean)) ** 2 if estimate.mean else math.inf
    if needed > MAX_GROWTH:
        return NEAR_ZERO
    growth = f"about {needed:.1f} times as many images would"
    return f"More folds would not decide it. With this mean, {growth}, against {rival}."


def failed_classes_caveat(times: Mapping[str, int], repeats: int) -> list[str]:
    """A sentence on the classes whose GAN failed, in some repeat or in all; none where all are there.

    times: label -> repeats in which it failed.
    """
    if not times:
        return []
    named = ", ".join(
        repr(label) if number == repeats else f"{label!r} ({number} of {repeats} repeats)"
        for label, number in sorted(times.items())
    )
    return [
        f"The GANs of these classes failed: {named}. There the arms with GAN images have real images alone; why the "
        "delivered ones failed stands in models/index.json."
    ]


def pinned_start_caveat(pinned_training: Mapping[str, Any] | None, train: str) -> list[str]:
    """A sentence where the GANs start from a generator of other images; none where they do not.

    pinned_training: what the manifest of `train.base` says of its training, None where nothing is pinned.
    train: fingerprint of the training images.
    """
    if pinned_training is None or pinned_training.get("images_sha256") == train:
        return []
    return [
        "The GANs start from the generator in train.base, which was not trained on data/prepared/train as it is now. "
        "Whether it has seen test images cannot be told: pin only one that has not."
    ]
