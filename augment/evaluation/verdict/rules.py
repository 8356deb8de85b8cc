"""From every arm's figure on test to one word, its interval and its reasons.

Pure logic on figures; docs/protocol.md states the rules and why they are so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.core.errors import DataError
from augment.evaluation.statistics.comparisons import (
    Comparison,
    Gain,
    GrossAndNet,
    OverTheBest,
    Word,
    compare,
    over_the_best,
)
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.statistics.power import smallest_gain, spreads_of
from augment.evaluation.verdict import explanation, wording
from augment.evaluation.verdict.scope import Scope, of_split
from augment.evaluation.verdict.selection import BASELINE, DEFAULT, Kind, Policy
from augment.params import Arm

CONTROL: Arm = "copies_half"  # jittered real images used exactly as DEFAULT uses GAN images
DELIVERED: Arm = "as_delivered"

NOTHING = Gain(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Verdict:
    """The word with everything that led to it.

    word: what to do in one word; sentence, reasons, advice: the same for people; speaks: of what;
    explanation: the rules with this run's numbers, each with the row of the file that holds them
    best_real: best real-only arm on test, the hardest rival
    gross: policy - `none`; net: policy - the best real-only arm, exactly 0 when not used
    ungated: the default GAN arm - the best real-only arm, whatever val said
    delivered: of a plain training on the delivered folder; None unless the arm `as_delivered` ran
    smallest_gain: what the run's own spread can show
    comparisons: every assessed pair; arms: arm, kind, mean, low, high, val_mean
    """

    word: Word
    sentence: str
    speaks: str
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    explanation: tuple[explanation.Line, ...]
    best_real: Arm
    gross: Gain
    net: Gain
    ungated: Gain
    delivered: GrossAndNet | None
    smallest_gain: float
    comparisons: tuple[Comparison, ...]
    arms: tuple[dict[str, Any], ...]


def decide(
    test: Figures | None,
    val: Figures | None,
    policy: Policy,
    kinds: Mapping[Arm, Kind],
    *,
    equivalence: float,
    announced: float | None,
    scope: Scope | None = None,
) -> Verdict:
    """Judge the GAN images.

    kinds: arm -> kind, in the order of preference for ties; must hold `none`, `gan_half_filtered` and
    `copies_half`. equivalence: the margin as a fraction of 1. announced: the smallest gain that was
    expected before the run. Val is only shown here; what it decides stands in `policy`.
    scope: what the verdict speaks of, None for one split.
    Raises DataError when test is empty or an arm is missing.
    """
    if test is None:
        raise DataError("test holds no images, so nothing can be judged. Lower ingest.train_per_class or add images.")
    _check(test, kinds)
    found = assess(test, policy, kinds, equivalence)
    rest = secondary(test, kinds)
    delivered = _delivered(rest)
    facts = wording.Facts(
        word=found.word,
        test=test,
        val_images=val.images if val else 0,
        policy=policy,
        net=found.net,
        rivals=found.rivals,
        controls=found.controls,
        equivalence=equivalence,
        announced=announced,
        measured=_measured(test, found),
        scope=scope or of_split(test),
    )
    every = (*found.rivals, *found.controls, *rest, *([policy.gate] if policy.gate else []))
    return Verdict(
        word=facts.word,
        sentence=wording.sentence(facts),
        speaks=facts.scope.speaks,
        reasons=tuple(wording.reasons(facts)),
        advice=tuple(wording.advice(facts)),
        explanation=tuple(explanation.explain(facts, every, delivered)),
        best_real=found.net.best,
        gross=_gross(test, policy, found.rivals),
        net=found.net.gain if policy.used else NOTHING,
        ungated=found.net.gain,
        delivered=delivered,
        smallest_gain=facts.measured,
        comparisons=every,
        arms=tuple(_arm_row(arm, kinds[arm], test, val) for arm in kinds),
    )


@dataclass(frozen=True)
class Assessed:
    """What the rules make of DEFAULT on test: against the best real-only arm, each of them, and each control."""

    word: Word
    net: OverTheBest
    rivals: tuple[Comparison, ...]
    controls: tuple[Comparison, ...]


def assess(test: Figures, policy: Policy, kinds: Mapping[Arm, Kind], equivalence: float) -> Assessed:
    """Compare DEFAULT with all that the word depends on, and find the word."""
    real = [arm for arm, kind in kinds.items() if kind == "real"]
    rivals = tuple(compare(test, DEFAULT, arm, "test", "primary", len(real)) for arm in real)
    controls = tuple(compare(test, DEFAULT, arm, "test", "primary") for arm, kind in kinds.items() if kind == "control")
    net = over_the_best(rivals)
    word = judge(net, controls, equivalence) if policy.used else "not used"
    return Assessed(word, net, rivals, controls)


def judge(net: OverTheBest, controls: Sequence[Comparison], equivalence: float) -> Word:
    """The word for a GAN arm that is used.

    Help must hold against every real-only arm, which `net` says, and every control (an intersection of
    tests, so none needs a correction). A proven loss is called harm even inside the margin: a method that
    asks for work and surely loses something is not "equivalent". A proven gain inside it is negligible.
    """
    low90, high90 = net.interval90
    within = -equivalence <= low90 and high90 <= equivalence
    if net.gain.low > 0 and all(row.gain.low > 0 for row in controls):
        return "helps, negligibly" if within else "helps"
    if net.gain.high < 0:
        return "harms"
    return "equivalent" if within else "undecided"


def secondary(test: Figures, kinds: Mapping[Arm, Kind]) -> list[Comparison]:
    """All other arms against each real-only arm, and GAN arms against each control too."""
    real = [arm for arm, kind in kinds.items() if kind == "real"]
    controls = [arm for arm, kind in kinds.items() if kind == "control"]
    found = []
    for candidate, kind in kinds.items():
        if candidate != DEFAULT and kind != "real":
            found += [compare(test, candidate, rival, "test", "secondary", len(real)) for rival in real]
        if candidate != DEFAULT and kind == "gan":
            found += [compare(test, candidate, rival, "test", "secondary") for rival in controls]
    return found


def _check(test: Figures, kinds: Mapping[Arm, Kind]) -> None:
    needed: dict[Arm, Kind] = {BASELINE: "real", DEFAULT: "gan", CONTROL: "control"}
    absent = [arm for arm in kinds if arm not in test.values]
    absent += [arm for arm, kind in needed.items() if kinds.get(arm) != kind]
    if absent:
        raise DataError(f"the verdict misses results of: {', '.join(absent)}. Add them to evaluate.arms.")


def _measured(test: Figures, found: Assessed) -> float:
    """The smallest gain that this run's own spread can show."""
    rows = [row.found for row in (*found.rivals, *found.controls)]
    spreads = spreads_of(rows, found.net.gain.mean, test.one_pair)
    return smallest_gain(spreads, rows[0].seeds, test.groups, test.one_pair, test.ratio)


def _gross(test: Figures, policy: Policy, rivals: Sequence[Comparison]) -> Gain:
    """Policy minus `none`; an arm against itself is exactly 0."""
    if policy.used:
        return next(row.gain for row in rivals if row.rival == BASELINE)
    if policy.arm == BASELINE:
        return NOTHING
    return compare(test, policy.arm, BASELINE, "test", "secondary").gain


def _delivered(rows: Sequence[Comparison]) -> GrossAndNet | None:
    own = [row for row in rows if row.candidate == DELIVERED]
    if not own:
        return None
    return GrossAndNet(next(row.gain for row in own if row.rival == BASELINE), over_the_best(own).gain)


def _arm_row(arm: Arm, kind: Kind, test: Figures, val: Figures | None) -> dict[str, Any]:
    found = test.estimate(arm)
    low, high = found.interval(0.95, least=0.0)
    return {
        "arm": arm, "kind": kind, "mean": found.mean, "low": low, "high": high,
        "val_mean": val.mean(arm) if val else None,
    }  # fmt: skip
