"""From what every arm got right to one word, its interval and its reasons.

Pure logic on right-or-wrong arrays; docs/evaluation.md states the rules and why they are so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from augment.errors import DataError
from augment.evaluation import wording
from augment.evaluation.comparisons import Comparison, Gain, Outcomes, Word, compare
from augment.evaluation.statistics import Resamples, estimate, resample
from augment.seeds import numpy_rng

Kind = Literal["real", "gan", "control"]

BASELINE = "none"  # real images as they are
DEFAULT = "gan_half_filtered"  # the one way to use GAN images that may be chosen; fixed before any result
CONTROL = "copies_half"  # jittered real images used exactly as DEFAULT uses GAN images
WEIGHT = 0.5  # DEFAULT's share of synthetic images


@dataclass(frozen=True)
class Verdict:
    """The word with everything that led to it.

    word: what to do in one word; sentence, reasons, advice: the same for people
    policy_arm, policy_weight: what to train with; the weight is the share of synthetic images
    chosen_real: best real-only arm on val; best_real: best real-only arm on test, the hardest rival
    gross: policy - `none`; net: policy - best_real, exactly 0 when not used
    ungated: the default GAN arm - best_real, whatever val said
    comparisons: every assessed pair; arms: rows of arms.csv without accuracy and macro_f1
    """

    word: Word
    sentence: str
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    policy_arm: str
    policy_weight: float
    chosen_real: str
    best_real: str
    gross: Gain
    net: Gain
    ungated: Gain
    comparisons: tuple[Comparison, ...]
    arms: tuple[dict[str, Any], ...]


def decide(
    test: Outcomes, val: Outcomes, kinds: Mapping[str, Kind], *, equivalence: float, resamples: int, seed: int
) -> Verdict:
    """Judge the GAN images on one split.

    kinds: arm -> real, gan or control, in the order of preference for ties; must hold `none`,
    `gan_half_filtered` and `copies_half`. equivalence: the margin as a fraction of 1.
    Val is used twice: to choose among the real-only arms, and to object to the default GAN arm.
    Raises DataError when test is empty or an arm is missing.
    """
    _check(test, val, kinds)
    real = [arm for arm in kinds if kinds[arm] == "real"]
    on_test = resample(test.targets, test.groups, resamples, numpy_rng(seed, "bootstrap", "test"))
    rows = _compare_all(test, on_test, kinds)
    pair = {(row.candidate, row.rival): row for row in rows}
    chosen_real, best_real = _best(val, real), _best(test, real)
    gate = _gate(val, chosen_real, resamples, seed)
    used = gate is None or gate.interval90[1] >= 0
    rivals = [pair[DEFAULT, arm] for arm in real]
    ungated, control = pair[DEFAULT, best_real], pair[DEFAULT, CONTROL]
    word = judge(ungated, rivals, control, equivalence) if used else "not used"
    nothing = Gain(0.0, 0.0, 0.0)
    gross = pair[DEFAULT, BASELINE].gain if used else _gain(test, on_test, chosen_real, BASELINE)
    facts = wording.Facts(word, test, val, gate, ungated, rivals, control, equivalence, chosen_real)
    return Verdict(
        word=word,
        sentence=wording.sentence(facts),
        reasons=tuple(wording.reasons(facts)),
        advice=tuple(wording.advice(facts)),
        policy_arm=DEFAULT if used else chosen_real,
        policy_weight=WEIGHT if used else 0.0,
        chosen_real=chosen_real,
        best_real=best_real,
        gross=gross,
        net=ungated.gain if used else nothing,
        ungated=ungated.gain,
        comparisons=(*rows, gate) if gate else tuple(rows),
        arms=tuple(_arm_row(arm, kinds[arm], test, val, on_test) for arm in kinds),
    )


def judge(net: Comparison, rivals: Sequence[Comparison], control: Comparison, equivalence: float) -> Word:
    """The word for a GAN arm that is used.

    Help must hold against every rival and the control (an intersection of tests, so none needs a
    correction). A proven loss is called harm even inside the margin: a method that asks for work and
    surely loses something is not "equivalent". A proven gain inside it is negligible.
    """
    low90, high90 = net.interval90
    within = -equivalence <= low90 and high90 <= equivalence
    if all(row.gain.low > 0 for row in (*rivals, control)):
        return "helps, negligibly" if within else "helps"
    if net.gain.high < 0:
        return "harms"
    return "equivalent" if within else "undecided"


def _check(test: Outcomes, val: Outcomes, kinds: Mapping[str, Kind]) -> None:
    if not len(test):
        raise DataError("test holds no images, so nothing can be judged. Lower ingest.train_per_class or add images.")
    needed = {BASELINE: "real", DEFAULT: "gan", CONTROL: "control"}
    absent = [arm for arm in kinds if arm not in test.correct or arm not in val.correct]
    absent += [arm for arm, kind in needed.items() if kinds.get(arm) != kind]
    if absent:
        raise DataError(f"the verdict misses results of: {', '.join(absent)}. Add them to evaluate.arms.")


def _best(split: Outcomes, arms: Sequence[str]) -> str:
    """Highest mean; ties, up to rounding, and an empty split go to the first."""
    return max(arms, key=lambda arm: round(split.mean(arm) or 0.0, 12))


def _gate(val: Outcomes, rival: str, resamples: int, seed: int) -> Comparison | None:
    """The default GAN arm against the chosen real-only arm on val; None without val images."""
    if not len(val):
        return None
    on_val = resample(val.targets, val.groups, resamples, numpy_rng(seed, "bootstrap", "val"))
    return compare(val, on_val, DEFAULT, rival, "val")


def _compare_all(test: Outcomes, on_test: Resamples, kinds: Mapping[str, Kind]) -> list[Comparison]:
    """GAN and control arms against each real-only arm, then GAN arms against each control."""
    order = {"real": 0, "control": 1, "gan": 2}
    return [
        compare(test, on_test, candidate, rival, "test")
        for candidate in kinds
        for rival in sorted(kinds, key=lambda arm: order[kinds[arm]])
        if order[kinds[candidate]] > order[kinds[rival]]
    ]


def _gain(split: Outcomes, draws: Resamples, candidate: str, rival: str) -> Gain:
    """The gain of a real-only arm; an arm against itself is exactly 0."""
    if candidate == rival:
        return Gain(0.0, 0.0, 0.0)
    return compare(split, draws, candidate, rival, "test").gain


def _arm_row(arm: str, kind: Kind, test: Outcomes, val: Outcomes, draws: Resamples) -> dict[str, Any]:
    found = estimate(test.correct[arm].astype(np.float64), draws)
    low, high = found.interval(0.95, least=0.0)
    return {"arm": arm, "kind": kind, "mean": found.mean, "low": low, "high": high, "val_mean": val.mean(arm)}
