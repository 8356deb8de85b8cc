"""The verdict in sentences: what was found and why, and what to know of the generators behind it.

No name of an arm stands in them, but its words from the table of arms. Points are percentage points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.evaluation.statistics.bootstrap import MIN_CLASS_GROUPS
from augment.evaluation.statistics.comparisons import Comparison, GainOverBest, VerdictWord
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.delivery import Delivery
from augment.evaluation.verdict.families import Families
from augment.evaluation.verdict.figures import gain_text, interval_text, margin_text, points
from augment.evaluation.verdict.scope import Scope
from augment.evaluation.verdict.selection import Selection
from augment.params.arms import ROW_OF


@dataclass(frozen=True)
class VerdictFacts:
    """What the texts speak of.

    net: default GAN arm - the best real-only arm on test; rivals: the same against every real-only arm; controls:
    against jittered copies (and others, if they ran) used the same way
    families: the classifiers behind it; delivery: what data/augmented holds
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
    families: Families
    delivery: Delivery


SENTENCES: dict[VerdictWord, str] = {
    "helps": "The GAN images help when added to {way}: {gain}, {extent}.",
    "helps, negligibly": "The GAN images help, but by less than {margin}, when added to {way}: {gain}, {extent}.",
    "harms": "The GAN images harm when added to {way}: {gain}, {extent}.",
    "equivalent": "The GAN images make no difference of {margin} or more when added to {way}: {gain}, {extent} "
    "(90 % interval {interval90}).",
    "undecided": "Whether the GAN images help when added to {way} is undecided: {gain}, {extent}.",
    "not used": "The GAN images are not used: added to {way} they did worse on the val images than real images alone "
    "({chosen_real}), so the gain is 0 by choice. On test they would have given {gain}, {extent}.",
}


def verdict_sentence(facts: VerdictFacts) -> str:
    """The verdict in one sentence that stands alone, with the way to train that it speaks of."""
    gain, best = gain_text(facts.net.gain, facts.test.name), facts.net.best_rival
    best_words = "the same without them" if best == facts.families.base else ROW_OF[best].spoken
    return SENTENCES[facts.word].format(
        way=facts.families.way,
        gain=f"{gain} over the best way to use real images alone ({best_words})",
        extent=facts.scope.extent,
        margin=margin_text(facts.equivalence),
        interval90=interval_text(*facts.net.interval90),
        chosen_real=ROW_OF[facts.selection.chosen_real].spoken,
    )


def verdict_reasons(facts: VerdictFacts) -> list[str]:
    """Which bound against which rival, the control, val's veto, and the limits of this test set."""
    lines = [_bound_sentence(row, "real images alone") for row in facts.rivals]
    lines += [_bound_sentence(row, "a control") for row in facts.controls]
    as_good = [ROW_OF[row.rival].spoken for row in facts.controls if row.gain.low <= 0]
    if facts.net.gain.low > 0 and as_good:
        lines.append(
            "The gain over real images alone is not credited to the GAN: in the place of its images "
            f"{' and '.join(as_good)} may do as well."
        )
    if facts.word == "harms" and facts.net.gain.low >= -facts.equivalence:
        lines.append(f"The loss is proven but smaller than the margin of {margin_text(facts.equivalence)}.")
    hindsight = next(row for row in facts.rivals if row.rival == facts.net.best_rival)
    if hindsight.gain.high < 0 <= facts.net.gain.high:
        lines.append(
            f"That loss is not called harm: {ROW_OF[hindsight.rival].spoken} was picked as the best of "
            f"{hindsight.rival_count} after looking at test, and with that counted in the upper bound is "
            f"{points(facts.net.gain.high)}."
        )
    return [*lines, _veto_sentence(facts), *_limit_sentences(facts)]


def turned_out_text(facts: VerdictFacts) -> str:
    """The smallest gain, as announced and as measured."""
    expected = "no gain at all" if facts.announced is None else f"about {100 * facts.announced:.1f} points"
    measured = f"{100 * facts.measured:.1f} points" if facts.measured <= 1 else "no gain at all"
    return (
        f"The smallest gain that 4 of 5 such runs would show was put at {expected} before the run; "
        f"with the spread that this run had it is {measured}."
    )


def vetoes_text(selection: Selection) -> str:
    """How often val would have vetoed them, repeat by repeat."""
    return f"Taken one by one, {selection.vetoes} of the {selection.repeats} repeats would have vetoed them."


def _bound_sentence(row: Comparison, meaning: str) -> str:
    gain = row.gain
    relation = "better than" if gain.low > 0 else "worse than" if gain.high < 0 else "not told apart from"
    interval = f"{points(gain.mean)} {interval_text(gain.low, gain.high)}"
    return f"The GAN images are {relation} {ROW_OF[row.rival].spoken} ({meaning}): {interval}."


def _veto_sentence(facts: VerdictFacts) -> str:
    comparison = facts.selection.veto_comparison
    if comparison is None:
        return "Val holds no images, or too few normal ones, so it could not veto the GAN images."
    outcome = "does not veto the GAN images" if facts.selection.used else "vetoes the GAN images"
    return (
        f"Val ({facts.val_images} {facts.test.unit}{facts.scope.val_suffix}) {outcome}: "
        f"{points(comparison.estimate.mean)} against {ROW_OF[comparison.rival].spoken}, 90 % interval "
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
