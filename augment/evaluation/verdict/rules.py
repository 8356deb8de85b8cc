"""From every arm's metric on test to one word, its interval and its reasons.

Pure logic on metrics; docs/protocol.md states the rules and why they are so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.core.errors import DataError
from augment.evaluation.statistics.comparisons import (
    Claim,
    Comparison,
    Gain,
    GainOverBest,
    GrossAndNet,
    VerdictWord,
    gain_over_best,
    paired_difference,
)
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.statistics.power import difference_variances, smallest_gain
from augment.evaluation.verdict import advice, explanation, families, wording
from augment.evaluation.verdict.advice import Deciding
from augment.evaluation.verdict.delivery import Delivery
from augment.evaluation.verdict.families import Families
from augment.evaluation.verdict.scope import Scope, split_scope
from augment.evaluation.verdict.selection import Selection
from augment.params.arm_row import ArmKind, Family
from augment.params.arms import BASELINE_ARM, DEFAULT_GAN_ARM, DELIVERED_ARM, REQUIRED_ARMS, Arm, arm_kinds

NO_GAIN = Gain(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Verdict:
    """The word with everything that led to it.

    word: what to do in one word; first_line: what one reaches without a GAN; sentence, reasons, advice: the word for
    people, where the first advice says what data/augmented holds; scope_sentence: of what
    deciding: what would decide it, None where it is decided
    explanation: the rules with this run's numbers, each with the row of the file that holds them
    best_real: best real-only arm on test, the hardest rival; tried: families that real images alone trained;
    references: arms that are told of and are no rivals, the best of each other family
    gross: what is used - `none`; net: what is used - the best real-only arm, exactly 0 when not used
    without_veto: the default GAN arm - the best real-only arm, whatever val said
    delivered: of a plain training on the delivered folder; None unless the arm `as_delivered` ran
    smallest_gain: what the run's own spread can show
    comparisons: every assessed pair; arms: arm, kind, mean, low, high, val_mean
    """

    word: VerdictWord
    first_line: str
    sentence: str
    scope_sentence: str
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    deciding: Deciding | None
    explanation: tuple[explanation.ExplanationLine, ...]
    best_real: Arm
    tried: tuple[Family, ...]
    references: tuple[Arm, ...]
    gross: Gain
    net: Gain
    without_veto: Gain
    delivered: GrossAndNet | None
    smallest_gain: float
    comparisons: tuple[Comparison, ...]
    arms: tuple[dict[str, Any], ...]


def decide(
    test: MetricTable | None,
    val: MetricTable | None,
    selection: Selection,
    kinds: Mapping[Arm, ArmKind],
    *,
    equivalence: float,
    announced: float | None,
    scope: Scope | None = None,
    tried: Families = Families(),  # noqa: B008  (frozen)
    use: str = "chosen",
) -> Verdict:  # long, since a verdict has many fields
    """Judge the GAN images.

    kinds: arm -> kind, in the order of preference for ties; must hold REQUIRED_ARMS. equivalence: the margin as a
    fraction of 1. announced: the smallest gain that was expected before the run. scope: None for one split. tried: the
    classifiers behind it. use: `assemble.use`. Val is only shown here; what it decides stands in `selection`. Raises
    `DataError` when test is empty or an arm is missing.
    """
    if test is None:
        raise DataError("test holds no images, so nothing can be judged. Lower ingest.train_per_class or add images.")
    _check_arms(test, kinds)
    assessment = assess(test, selection, kinds, equivalence)
    net, rivals, controls = assessment.net, assessment.rivals, assessment.controls
    secondary, veto = secondary_comparisons(test, kinds), selection.veto_comparison
    comparisons = (*rivals, *controls, *secondary, *([veto] if veto else []))
    delivered = _delivered_gain(secondary)
    facts = wording.VerdictFacts(
        word=assessment.word,
        test=test,
        val_images=val.images if val else 0,
        selection=selection,
        net=net,
        rivals=rivals,
        controls=controls,
        equivalence=equivalence,
        announced=announced,
        measured=_measured_smallest_gain(test, assessment),
        scope=scope or split_scope(test),
        families=tried,
        delivery=Delivery(selection, use),
    )
    return Verdict(
        word=facts.word,
        first_line=families.first_line(test, kinds, net.best_rival, tried),
        sentence=wording.verdict_sentence(facts),
        scope_sentence=facts.scope.scope_sentence,
        reasons=tuple(wording.verdict_reasons(facts)),
        advice=tuple(advice.verdict_advice(facts)),
        deciding=advice.what_decides(facts),
        explanation=tuple(explanation.explain(facts, comparisons, delivered)),
        best_real=net.best_rival,
        tried=tuple(families.tried_families(kinds, tried.base)),
        references=tuple(families.reference_arms(test, kinds)),
        gross=_gross_gain(test, selection, rivals),
        net=net.gain if selection.used else NO_GAIN,
        without_veto=net.gain,
        delivered=delivered,
        smallest_gain=facts.measured,
        comparisons=comparisons,
        arms=tuple(_arm_row(arm, kinds[arm], test, val) for arm in kinds),
    )


@dataclass(frozen=True)
class Assessment:
    """What the rules make of DEFAULT_GAN_ARM on test: against the best real-only arm, each of them, each control."""

    word: VerdictWord
    net: GainOverBest
    rivals: tuple[Comparison, ...]
    controls: tuple[Comparison, ...]


def assess(test: MetricTable, selection: Selection, kinds: Mapping[Arm, ArmKind], equivalence: float) -> Assessment:
    """Compare DEFAULT_GAN_ARM with all that the word depends on, and find the word."""
    rivals = tuple(_against(test, DEFAULT_GAN_ARM, kinds, "real", "primary"))
    controls = tuple(_against(test, DEFAULT_GAN_ARM, kinds, "control", "primary"))
    net = gain_over_best(rivals)
    word = verdict_word(net, controls, equivalence) if selection.used else "not used"
    return Assessment(word, net, rivals, controls)


def verdict_word(net: GainOverBest, controls: Sequence[Comparison], equivalence: float) -> VerdictWord:
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


def secondary_comparisons(test: MetricTable, kinds: Mapping[Arm, ArmKind]) -> list[Comparison]:
    """All other arms but references against each real-only arm, and GAN arms against each control too."""
    comparisons = []
    for candidate, kind in kinds.items():
        if candidate != DEFAULT_GAN_ARM and kind not in ("real", "reference"):
            comparisons += _against(test, candidate, kinds, "real", "secondary")
        if candidate != DEFAULT_GAN_ARM and kind == "gan":
            comparisons += _against(test, candidate, kinds, "control", "secondary")
    return comparisons


def _against(
    test: MetricTable, candidate: Arm, kinds: Mapping[Arm, ArmKind], kind: ArmKind, claim: Claim
) -> list[Comparison]:
    """One candidate against every arm of a kind; of the real-only ones the best may be picked in hindsight."""
    rivals = [arm for arm, kind_of_arm in kinds.items() if kind_of_arm == kind]
    count = len(rivals) if kind == "real" else 1
    return [paired_difference(test, candidate, rival, "test", claim, count) for rival in rivals]


def _check_arms(test: MetricTable, kinds: Mapping[Arm, ArmKind]) -> None:
    absent = [arm for arm in kinds if arm not in test.values]
    absent += [arm for arm, kind in arm_kinds(REQUIRED_ARMS).items() if kinds.get(arm) != kind]
    if absent:
        raise DataError(f"the verdict misses results of: {', '.join(absent)}. Add them to evaluate.arms.")


def _measured_smallest_gain(test: MetricTable, assessment: Assessment) -> float:
    """The smallest gain that this run's own spread can show."""
    rows = [row.estimate for row in (*assessment.rivals, *assessment.controls)]
    variances = difference_variances(rows, assessment.net.gain.mean, test.one_group_se)
    return smallest_gain(variances, rows[0].seeds, test.groups, test.one_group_se, test.ratio)


def _gross_gain(test: MetricTable, selection: Selection, rivals: Sequence[Comparison]) -> Gain:
    """What is used minus `none`; an arm against itself is exactly 0."""
    if selection.used:
        return next(row.gain for row in rivals if row.rival == BASELINE_ARM)
    if selection.arm == BASELINE_ARM:
        return NO_GAIN
    return paired_difference(test, selection.arm, BASELINE_ARM, "test", "secondary").gain


def _delivered_gain(rows: Sequence[Comparison]) -> GrossAndNet | None:
    delivered = [row for row in rows if row.candidate == DELIVERED_ARM]
    if not delivered:
        return None
    return GrossAndNet(next(row.gain for row in delivered if row.rival == BASELINE_ARM), gain_over_best(delivered).gain)


def _arm_row(arm: Arm, kind: ArmKind, test: MetricTable, val: MetricTable | None) -> dict[str, Any]:
    estimate = test.estimate(arm)
    low, high = estimate.interval(0.95, minimum=0.0)
    return {
        "arm": arm, "kind": kind, "mean": estimate.mean, "low": low, "high": high,
        "val_mean": val.mean(arm) if val else None,
    }  # fmt: skip
