"""Can the verdict be trusted? Thousands of simulated experiments with a known truth, and some real ones.

`python -m benchmarks.verdict` prints how often equal arms are said to help or to harm, how often a gain of just
the announced size is found, and how often controls "help" in real runs of seconds. "beaten" is what harm would be
if the best real-only arm were taken as named beforehand. With several families of classifiers, "base" is how often val
chose an arm as good as the best real-only one; "found" speaks of these experiments, and "else" tells how often the same
gain over a worse arm is said to help; harm is counted where the base is right. The last line is JSON.
`--quick` leaves the real runs out (a minute instead of several).
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from scipy.stats import beta

from augment.core.engine import Engine
from augment.core.processes import cores
from augment.params.arms import Arm
from benchmarks import tiny
from benchmarks.scenarios import (
    DECIDING_ARMS,
    FAMILY_ARMS,
    MANY,
    Outcome,
    Scenario,
    on_disjoint_subsets,
    on_folds,
    on_one_split,
    on_rotated,
)


def ahead(equal: Scenario, name: str, val: int | tuple[int, ...], by: Mapping[Arm, float]) -> tuple[Scenario, ...]:
    """Where one real-only arm is better than the other bases by so much; then, where nothing built on it is near."""
    found = []
    for best, behind in by.items():
        one = replace(equal, name=f"{best} ahead by {100 * behind:.0f}, {name}", val=val, best=best, behind=behind)
        found += [one, replace(one, name=f"{one.name}, near", trailing=behind)]
    return tuple(found)


DIGITS = (118, 122, 117, 123, 121, 172, 171, 169, 164, 170)
ONE_SPLIT = (
    Scenario("as the default digits", DIGITS, 0.95, 5),
    Scenario("10 x 30", (30,) * 10, 0.8, 5),
    Scenario("10 x 100, 3 seeds", (100,) * 10, 0.8, 3),
    Scenario("10 x 100, fourteen rivals", (100,) * 10, 0.8, 5, MANY),
    Scenario("2 x 200, 10 seeds", (200,) * 2, 0.9, 10),
    Scenario("3 x 60", (60,) * 3, 0.8, 5),
    Scenario("120, 60, 30, 15, 8", (120, 60, 30, 15, 8), 0.75, 5),
    Scenario("5 x 20 groups of 4", (20,) * 5, 0.7, 5, DECIDING_ARMS, 4),
    Scenario("40 x 25", (25,) * 40, 0.6, 5),
)
TRAILING = tuple(
    replace(scenario, name=f"{scenario.name}, one rival near", behind=0.05, trailing=0.05) for scenario in ONE_SPLIT
)
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
CLOTHING_VAL = (25,) * 5 + (2,) * 5  # images of majority and of minority classes
FAMILIES = Scenario("families equal, val of 25", (100,) * 10, 0.7, 5, FAMILY_ARMS, val=25)
FAMILIES_ONE_SPLIT = (
    FAMILIES,
    replace(FAMILIES, name="families equal, val of 25 and 2", val=CLOTHING_VAL),
    Scenario("families equal, 3 x 60", (60,) * 3, 0.8, 5, FAMILY_ARMS),
    *ahead(FAMILIES, "val of 25", 25, {"probe": 0.05}),
    *ahead(FAMILIES, "val of 25 and 2", CLOTHING_VAL, {"probe": 0.05, "finetune": 0.15, "randaugment": 0.05}),
)
FAMILIES_ROTATED = (
    replace(FAMILIES, name="families equal, val of 2", val=2),
    *ahead(FAMILIES, "val of 2", 2, {"probe": 0.05, "finetune": 0.15}),
)
SUBSETS_OF_FAMILIES = replace(FAMILIES, name="10 subsets, families equal", seeds=10, val=2)
FAMILIES_SUBSETS = (
    SUBSETS_OF_FAMILIES,
    *ahead(SUBSETS_OF_FAMILIES, "10 subsets", 2, {"probe": 0.05, "finetune": 0.15}),
)
FOLDS_OF_FAMILIES = Scenario("folds, families equal, 2 x 200", (200,) * 2, 0.8, 5, FAMILY_ARMS)
FAMILIES_FOLDS = (
    FOLDS_OF_FAMILIES,
    *ahead(FOLDS_OF_FAMILIES, "2 x 200", 10, {"probe": 0.15}),
    *ahead(replace(FOLDS_OF_FAMILIES, test=(500,) * 2), "2 x 500", 10, {"probe": 0.15, "finetune": 0.15})[1::2],
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
        """Whether each planted gain over the best real-only arm was found."""
        return [one.found for one in self.outcomes if one.found is not None and one.best_base]

    @property
    def planted_elsewhere(self) -> list[bool]:
        """Whether the same gain over a worse arm, which val chose, was said to help."""
        return [one.found for one in self.outcomes if one.found is not None and not one.best_base]


def upper_bound(successes: int, n: int) -> float:
    """Upper end of the exact one-sided 95 % interval of a share (Clopper & Pearson 1934)."""
    return float(beta.ppf(0.95, successes + 1, n - successes)) if successes < n else 1.0


def simulate(each: int, of_training_set: float | None) -> list[Row]:
    """All scenarios, printed one by one; folds alone where the share that training images have in shifts is given."""
    protocols: list[tuple[str, Callable[[Scenario, int], tuple[float | None, list[Outcome]]], tuple[Scenario, ...]]] = [
        ("holdout", on_one_split, ONE_SPLIT + TRAILING + FAMILIES_ONE_SPLIT),
        ("holdout, val rotated", on_rotated, ROTATED + FAMILIES_ROTATED),
        ("repeated, disjoint training subsets", on_disjoint_subsets, SUBSETS + FAMILIES_SUBSETS),
        ("repeated, 5 x 5 folds", on_folds, FOLDS + FAMILIES_FOLDS),
    ]
    if of_training_set is not None:
        protocols = [
            ("repeated, 5 x 5 folds", partial(on_folds, of_training_set=of_training_set), FOLDS + FAMILIES_FOLDS)
        ]
    print(f"{'equal arms (per cent of simulations)':44} {'helps':>6} {'harms':>6} {'beaten':>6} {'unused':>6}", end="")
    print(f" | {'announced':>9} {'found':>6} | {'base':>5} {'else':>6}")
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
    helps, unused = ([getattr(one, name) for one in row.outcomes] for name in ("helps", "unused"))
    harms, beaten = ([getattr(one, name) for one in row.outcomes if one.best_base] for name in ("harms", "beaten"))
    announced = f"{100 * row.announced:9.2f}" if row.planted and row.announced is not None else "        -"
    planted = f"{announced} {percent(row.planted)}"
    chosen = ""
    if len(row.scenario.bases) > 1:
        chosen = f" | {percent([one.best_base for one in row.outcomes])} {percent(row.planted_elsewhere)}"
    return (
        f"  {row.scenario.name:42} " + " ".join(map(percent, (helps, harms, beaten, unused))) + f" | {planted}{chosen}"
    )


def percent(found: Sequence[bool]) -> str:
    """The share of these that hold, in per cent."""
    return f"{100 * sum(found) / len(found):6.1f}" if found else "     -"


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
    families = [row for row in rows if len(row.scenario.bases) > 1]
    parts = (
        ("all", rows),
        ("one rival near", near),
        ("several families", families),
        ("of these, one rival near", [row for row in families if row in near]),
        (f"the hardest, {worst.scenario.name}", [worst]),
    )
    for name, own in parts:
        print(f"equal arms that help, {name}: {share(own)}")
    elsewhere = [found for row in rows for found in row.planted_elsewhere]
    of_families = [found for row in families for found in row.planted]
    print(f"planted gains found with several families: {percent(of_families)} %")
    print(f"of those over a worse arm than the best: {percent(elsewhere)} % of {len(elsewhere)}")
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
