"""One arm minus another, and one arm minus the best of several, with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from augment.evaluation.statistics.estimates import Estimate, holm
from augment.evaluation.statistics.metric_table import MetricTable
from augment.params.arms import Arm

Split = Literal["test", "val"]
Claim = Literal["primary", "secondary", "gate"]
VerdictWord = Literal["helps", "helps, negligibly", "harms", "equivalent", "undecided", "not used"]


@dataclass(frozen=True)
class Gain:
    """A difference in the primary metric with its 95 % interval, as fractions of 1."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Candidate minus rival on one split.

    claim: primary ones decide the word, secondary ones are for reading, gate ones (val's veto) decide what is delivered
    rival_count: of how many rivals this one may be picked in hindsight
    """

    candidate: Arm
    rival: Arm
    split: Split
    claim: Claim
    estimate: Estimate
    rival_count: int = 1

    @property
    def gain(self) -> Gain:
        return Gain(self.estimate.mean, *self.estimate.interval(0.95))

    @property
    def interval90(self) -> tuple[float, float]:
        return self.estimate.interval(0.90)

    @property
    def high_joint(self) -> float:
        """Upper end of the 95 % interval, widened so that it holds whichever of the rivals is picked (Bonferroni)."""
        return self.estimate.interval(1 - 0.05 / self.rival_count)[1]

    @property
    def high90_joint(self) -> float:
        return self.estimate.interval(1 - 0.10 / self.rival_count)[1]


@dataclass(frozen=True)
class GainOverBest:
    """Candidate minus the best of its rivals, whichever that truly is.

    gain: mean over the best on this split, with a 95 % interval; interval90: the 90 % one
    best_rival: that rival; low_rival, high_rival: the rivals whose comparisons give the lower and the upper 95 % bound
    """

    gain: Gain
    interval90: tuple[float, float]
    best_rival: Arm
    low_rival: Arm
    high_rival: Arm


@dataclass(frozen=True)
class GrossAndNet:
    """Gain over `none`, and over the best real-only arm."""

    gross: Gain
    net: Gain


def paired_difference(
    table: MetricTable, candidate: Arm, rival: Arm, split: Split, claim: Claim, rival_count: int = 1
) -> Comparison:
    """Candidate minus rival, paired by seed and by draw."""
    return Comparison(candidate, rival, split, claim, table.estimate(candidate, rival), rival_count)


def gain_over_best(rows: Sequence[Comparison]) -> GainOverBest:
    """The gain of one candidate over the best of its rivals, from its comparison with each.

    Below: all must hold, so the lowest bound counts and needs no correction (an intersection-union test,
    Berger 1982). Above: the rival that looks best was picked from several, so the lowest of the joint
    bounds counts. Both ends together cover the gain over the truly best rival in at least 95 % (90 %) of runs.
    """
    lowest = min(rows, key=lambda row: row.gain.low)
    highest = min(rows, key=lambda row: row.high_joint)
    best = min(rows, key=lambda row: round(row.estimate.mean, 12))  # ties, up to rounding, go to the first
    return GainOverBest(
        gain=Gain(best.estimate.mean, lowest.gain.low, highest.high_joint),
        interval90=(min(row.interval90[0] for row in rows), min(row.high90_joint for row in rows)),
        best_rival=best.rival,
        low_rival=lowest.rival,
        high_rival=highest.rival,
    )


def comparison_rows(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """The rows of comparisons.csv. p_holm is adjusted for the number of secondary comparisons, empty for others."""
    p_values = [row.estimate.p_value for row in comparisons]
    secondary = [index for index, row in enumerate(comparisons) if row.claim == "secondary"]
    adjusted = dict(zip(secondary, holm([p_values[index] for index in secondary]), strict=True))
    return [
        {
            "candidate": row.candidate, "rival": row.rival, "split": row.split, "claim": row.claim,
            "mean": row.gain.mean, "low": row.gain.low, "high": row.gain.high, "high_joint": row.high_joint,
            "low90": row.interval90[0], "high90": row.interval90[1], "high90_joint": row.high90_joint,
            "seed_sd": row.estimate.seed_sd, "test_se": row.estimate.test_se, "seeds": row.estimate.seeds,
            "p": p, "p_holm": adjusted.get(index),
        }
        for index, (row, p) in enumerate(zip(comparisons, p_values, strict=True))
    ]  # fmt: skip
