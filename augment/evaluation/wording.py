"""The verdict in sentences: what was found, why, and what to do next. Points are percentage points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augment.evaluation.comparisons import Comparison, Gain, Outcomes, Word
from augment.evaluation.statistics import SMALL_CLASS, growth_to_decide, seeds_to_decide


@dataclass(frozen=True)
class Facts:
    """What the texts speak of.

    gate: default GAN arm - chosen real-only arm on val, None without val images
    net: default GAN arm - best real-only arm on test; rivals: the same against every real-only arm;
    control: against jittered copies used the same way
    """

    word: Word
    test: Outcomes
    val: Outcomes
    gate: Comparison | None
    net: Comparison
    rivals: Sequence[Comparison]
    control: Comparison
    equivalence: float
    chosen_real: str


def sentence(facts: Facts) -> str:
    """The verdict in one sentence that stands alone."""
    found = f"{gain_text(facts.net.gain)} over the best way to use real images alone ({facts.net.rival})"
    low90, high90 = facts.net.interval90
    margin = _margin(facts)
    match facts.word:
        case "helps":
            return f"The GAN images help: {found}, on this split."
        case "helps, negligibly":
            return f"The GAN images help, but by less than {margin}: {found}, on this split."
        case "harms":
            return f"The GAN images harm: {found}, on this split."
        case "equivalent":
            return (
                f"The GAN images make no difference of {margin} or more: {found}, on this split "
                f"(90 % interval {interval_text(low90, high90)})."
            )
        case "undecided":
            return f"Whether the GAN images help is undecided: {found}, on this split."
        case "not used":
            return (
                "The GAN images are not used: on the val images they did worse than real images alone "
                f"({facts.chosen_real}), so the gain is 0 by choice. "
                f"On test they would have given {found}, on this split."
            )


def reasons(facts: Facts) -> list[str]:
    """Which bound against which rival, the control, val's objection, and the limits of this test set."""
    lines = [_bound(row, "real images alone") for row in facts.rivals]
    lines.append(_bound(facts.control, "jittered copies used the same way"))
    if all(row.gain.low > 0 for row in facts.rivals) and facts.control.gain.low <= 0:
        lines.append("The gain over real images alone is not credited to the GAN: copies may do as well in its place.")
    if facts.word == "harms" and facts.net.gain.low >= -facts.equivalence:
        lines.append(f"The loss is proven but smaller than the margin of {_margin(facts)}.")
    return [*lines, _gate(facts), *_limits(facts)]


def advice(facts: Facts) -> list[str]:
    """What to do next."""
    match facts.word:
        case "helps":
            return [
                "Train on data/augmented, or import the generators from models/.",
                "Before you rely on it, repeat the run with another seed: that draws another split.",
            ]
        case "helps, negligibly":
            return ["The gain is real but small: weigh it against the cost of keeping generators."]
        case "harms":
            return [
                "Set `assemble.use: real`: data/augmented then holds real images only.",
                "reports/evaluation/acceptance.csv and quality.csv show the classes whose samples are poor.",
            ]
        case "equivalent":
            return ["Real images alone are simpler and as good here: set `assemble.use: real`."]
        case "not used":
            return [
                f"data/augmented holds real images only: train on it as the arm `{facts.chosen_real}` does.",
                "To give the GANs another chance, raise train.steps and look at the sample grids in models/.",
            ]
        case "undecided":
            return _to_decide(facts)


def gain_text(gain: Gain) -> str:
    """`+2.1 points of balanced accuracy [+0.8, +3.4]`."""
    return f"{points(gain.mean)} points of balanced accuracy {interval_text(gain.low, gain.high)}"


def interval_text(low: float, high: float) -> str:
    return f"[{points(low)}, {points(high)}]"


def points(fraction: float) -> str:
    """A signed difference in percentage points, with a second digit where one would hide its sign."""
    value = 100 * fraction
    digits = 2 if 0 < abs(value) < 0.05 else 1
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def _margin(facts: Facts) -> str:
    """`1 point` or `0.5 points`."""
    margin = 100 * facts.equivalence
    return f"{margin:g} point{'' if margin == 1 else 's'}"


def _bound(row: Comparison, meaning: str) -> str:
    gain = row.gain
    if gain.low > 0:
        relation = "better than"
    elif gain.high < 0:
        relation = "worse than"
    else:
        relation = "not told apart from"
    figures = f"{points(gain.mean)} {interval_text(gain.low, gain.high)}"
    return f"{row.candidate} is {relation} {row.rival} ({meaning}): {figures}."


def _gate(facts: Facts) -> str:
    if facts.gate is None:
        return "Val holds no images, so it could not object to using the GAN images."
    outcome = "objects" if facts.word == "not used" else "does not object"
    return (
        f"Val ({len(facts.val)} images) {outcome}: {points(facts.gate.found.mean)} against "
        f"{facts.gate.rival}, 90 % interval {interval_text(*facts.gate.interval90)}; "
        "it objects when that lies below 0."
    )


def _limits(facts: Facts) -> list[str]:
    """What the reader must know before generalising."""
    found = facts.net.found
    units = "images" if found.groups == len(facts.test) else f"images in {found.groups} independent groups"
    lines = [
        f"It speaks of this split: {len(facts.test)} test {units}, {found.seeds} paired seeds. "
        f"{least_gain(found.half_width())}"
    ]
    small = sum(
        len(np.unique(facts.test.groups[facts.test.targets == target])) < SMALL_CLASS
        for target in np.unique(facts.test.targets)
    )
    if small:
        lines.append(
            f"{small} of the classes have fewer than {SMALL_CLASS} independent test images or groups: "
            "their spread is judged together and is rough."
        )
    return lines


def least_gain(half_width: float) -> str:
    """The least gain that could have been shown, for an interval so wide on either side (a fraction of 1)."""
    if half_width >= 1:
        return (
            "No gain whatever could be shown here: with so few images or repeats, chance alone spans the whole scale."
        )
    return f"Gains below about {100 * half_width:.1f} points could not be shown here."


def _to_decide(facts: Facts) -> list[str]:
    """For the comparison that stands furthest from a decision."""
    hardest = min((*facts.rivals, facts.control), key=lambda row: row.gain.low)
    row = facts.net if facts.net.found.mean < 0 else hardest
    seeds, growth = seeds_to_decide(row.found), growth_to_decide(row.found)
    if seeds is not None:
        lines = [f"Set `evaluate.seeds: {seeds}`: if the mean holds, that decides it against {row.rival}."]
    elif growth is not None and growth < 1000:
        lines = [
            "More seeds alone would not decide it. With this mean, about "
            f"{growth:.1f} times as many test images would, against {row.rival}."
        ]
    else:
        lines = ["The difference found is so near 0 that no reasonable test would show it."]
    return [*lines, "Until then real images alone (`assemble.use: real`) are the safe choice."]
