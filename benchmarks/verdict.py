"""Can the verdict be trusted? Thousands of simulated experiments with a known truth, and some real ones.

`python -m benchmarks.verdict` prints how often equal arms are said to help or to harm, how often a gain of just
the announced size is found, and how often controls "help" in real runs of seconds. "beaten" is what harm would be
if the best real-only arm were taken as named beforehand. The last line is JSON.
`--quick` leaves the real runs out (a minute instead of several).
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from scipy.stats import beta

from augment.core.engine import Engine, cores
from benchmarks import tiny
from benchmarks.scenarios import (
    DECIDING_ARMS,
    MANY,
    Outcome,
    Scenario,
    on_disjoint_subsets,
    on_folds,
    on_one_split,
    on_rotated,
)

DIGITS = (118, 122, 117, 123, 121, 172, 171, 169, 164, 170)
ONE_SPLIT = (
    Scenario("as the default digits", DIGITS, 0.95, 5),
    Scenario("10 x 30", (30,) * 10, 0.8, 5),
    Scenario("10 x 100, 3 seeds", (100,) * 10, 0.8, 3),
    Scenario("10 x 100, ten rivals", (100,) * 10, 0.8, 5, MANY),
    Scenario("2 x 200, 10 seeds", (200,) * 2, 0.9, 10),
    Scenario("3 x 60", (60,) * 3, 0.8, 5),
    Scenario("120, 60, 30, 15, 8", (120, 60, 30, 15, 8), 0.75, 5),
    Scenario("5 x 20 groups of 4", (20,) * 5, 0.7, 5, DECIDING_ARMS, 4),
    Scenario("40 x 25", (25,) * 40, 0.6, 5),
)
TRAILING = tuple(replace(scenario, name=f"{scenario.name}, one rival near", behind=0.05, trailing=0.05) for scenario in ONE_SPLIT)
ROTATED = (
    Scenario("as the default digits, val of 4", DIGITS, 0.95, 5, val=4),
    Scenario("10 x 100, val of 2", (100,) * 10, 0.8, 5, val=2),
    Scenario("10 x 100, val of 2, one rival near", (100,) * 10, 0.8, 5, val=2, behind=0.05, trailing=0.05),
)
SUBSETS = (
    Scenario("10 subsets, 10 x 100", (100,) * 10, 0.8, 10),
    Scenario("20 subsets, 3 x 100", (100,) * 3, 0.9, 20),
    Scenario("10 subsets, 10 x 100, one rival near", (100,) * 10, 0.8, 10, behind=0.05, trailing=0.05),
    Scenario("20 subsets, 3 x 100, one rival near", (100,) * 3, 0.9, 20, behind=0.05, trailing=0.05),
)
FOLDS = (
    Scenario("folds, 5 x 40", (40,) * 5, 0.8, 5),
    Scenario("folds, 2 x 100", (100,) * 2, 0.8, 5),
    Scenario("folds, 2 x 200", (200,) * 2, 0.8, 5),
    Scenario("folds, 2 x 200, one rival near", (200,) * 2, 0.8, 5, behind=0.15, trailing=0.15),
    Scenario("folds, 5 x 200, one rival near", (200,) * 5, 0.8, 5, behind=0.15, trailing=0.15),
    Scenario("folds, 2 x 500, one rival near", (500,) * 2, 0.8, 5, behind=0.15, trailing=0.15),
)
EACH = 300  # simulations of a scenario
REAL = {"shuffled": 10, "noise": 10, "copies": 40}


@dataclass(frozen=True)
class Row:
    """One scenario. announced: as a fraction of 1, None where no gain can be shown."""

    scenario: Scenario
    announced: float | None
    outcomes: list[Outcome]

    @property
    def planted(self) -> list[bool]:
        """Whether each planted gain was found."""
        return [one.found for one in self.outcomes if one.found is not None]


def upper_bound(successes: int, n: int) -> float:
    """Upper end of the exact one-sided 95 % interval of a share (Clopper & Pearson 1934)."""
    return float(beta.ppf(0.95, successes + 1, n - successes)) if successes < n else 1.0


def simulate(each: int, of_training_set: float | None) -> list[Row]:
    """All scenarios, printed one by one; folds alone where the share that training images have in shifts is given."""
    protocols: list[tuple[str, Callable[[Scenario, int], tuple[float | None, list[Outcome]]], tuple[Scenario, ...]]] = [
        ("holdout", on_one_split, ONE_SPLIT + TRAILING),
        ("holdout, val rotated", on_rotated, ROTATED),
        ("repeated, disjoint training subsets", on_disjoint_subsets, SUBSETS),
        ("repeated, 5 x 5 folds", on_folds, FOLDS),
    ]
    if of_training_set is not None:
        protocols = [("repeated, 5 x 5 folds", partial(on_folds, of_training_set=of_training_set), FOLDS)]
    print(f"{'equal arms (per cent of simulations)':44} {'helps':>6} {'harms':>6} {'beaten':>6} {'unused':>6}", end="")
    print(f" | {'announced':>9} {'found':>6}")
    rows = []
    for protocol, run, scenarios in protocols:
        print(protocol)
        for scenario in scenarios:
            row = Row(scenario, *run(scenario, each))
            rows.append(row)
            print(line(row), flush=True)
    return rows


def share(rows: Sequence[Row]) -> str:
    """How often equal arms helped in these scenarios together, and the upper bound of the rate."""
    outcomes = [one for row in rows for one in row.outcomes]
    helps = sum(one.helps for one in outcomes)
    return f"{helps} of {len(outcomes)}, at most {100 * upper_bound(helps, len(outcomes)):.2f} %"


def line(row: Row) -> str:
    """One scenario: shares in per cent, the announced gain in points."""
    shares = [
        100 * sum(found) / len(row.outcomes)
        for found in zip(*((one.helps, one.harms, one.beaten, one.unused) for one in row.outcomes), strict=True)
    ]
    planted = f"{100 * sum(row.planted) / len(row.planted):6.1f}" if row.planted else "     -"
    announced = f"{100 * row.announced:9.2f}" if row.planted and row.announced is not None else "        -"
    return f"  {row.scenario.name:42} " + " ".join(f"{share:6.1f}" for share in shares) + f" | {announced} {planted}"


def controls(engine: Engine) -> int:
    """How often a control helps in the GAN's place, in real runs."""
    print("real runs, the control in the GAN's place")
    helped = 0
    for place, runs in REAL.items():
        found = Counter(tiny.words(place, runs, engine))
        print(f"  {place:10} {runs} runs: " + ", ".join(f"{word} {count}" for word, count in sorted(found.items())))
        helped += sum(count for word, count in found.items() if word.startswith("helps"))
    return helped


def main() -> None:
    """Print the tables and the JSON line."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.verdict", description=__doc__)
    options.add_argument("--quick", action="store_true", help="leave the real runs out")
    options.add_argument("--each", type=int, default=EACH, help="simulations of a scenario (default: %(default)s)")
    options.add_argument(
        "--folds", type=float, metavar="SHARE", help="folds alone, with this share of the shifts from training images"
    )
    chosen = options.parse_args()
    rows = simulate(chosen.each, chosen.folds)
    simulations = sum(len(row.outcomes) for row in rows)
    helps = sum(one.helps for row in rows for one in row.outcomes)
    planted = [found for row in rows for found in row.planted]
    worst = max(rows, key=lambda row: sum(one.helps for one in row.outcomes) / len(row.outcomes))
    near = [row for row in rows if row.scenario.trailing]
    for name, own in (("all", rows), ("one rival near", near), (f"the hardest, {worst.scenario.name}", [worst])):
        print(f"equal arms that help, {name}: {share(own)}")
    found = {
        "simulations": simulations,
        "false_helps": helps,
        "false_helps_upper": round(upper_bound(helps, simulations), 4),
        "planted_found": round(sum(planted) / len(planted), 4),
        "controls_help": None if chosen.quick else controls(Engine("local", cores())),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
