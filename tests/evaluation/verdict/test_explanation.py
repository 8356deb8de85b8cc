"""Every sentence of the explanation can be checked in the row that it names."""

import re

import numpy as np
import pytest

from augment.evaluation.statistics.comparisons import comparison_rows
from augment.evaluation.verdict.figures import points
from tests.evaluation.verdict.judged import judged, table_of

KINDS = {
    "none": "real", "oversample": "real", "classical": "real", "gan_half": "gan", "gan_half_filtered": "gan",
    "copies_half": "control", "as_delivered": "delivered",
}  # fmt: skip
RATES = {**dict.fromkeys(KINDS, 0.8), "none": 0.7}


def run(gan: float, on_val: float = 0.8):
    def side(per_class, **changed):
        targets = np.repeat(np.arange(4), per_class)
        rng = np.random.default_rng(per_class)
        rank = np.concatenate([rng.permutation(per_class) for _ in range(4)])
        rates = {**RATES, **changed}
        correct = {arm: np.tile(rank < round(rate * per_class), (3, 1)) for arm, rate in rates.items()}
        return table_of(targets, np.arange(len(targets)), correct)

    return judged(side(250, gan_half_filtered=gan), side(60, gan_half_filtered=on_val), KINDS)[1]


ROW = r"comparisons\.csv: candidate (\w+), rival (\w+), split (\w+) \(([\w, ]+)\)"
CASES = {"helps": (0.86, 0.8), "harms": (0.7, 0.8), "equivalent": (0.804, 0.8), "not used": (0.8, 0.5)}


@pytest.mark.parametrize("word", CASES)
def test_numbers_stand_in_the_rows_that_are_named(word):
    found = run(*CASES[word])
    assert found.word == word
    table = {(row["candidate"], row["rival"], row["split"]): row for row in comparison_rows(found.comparisons)}
    arms = {row["arm"]: row for row in found.arms}
    checked = 0
    for line in found.explanation:
        for source in line.source.split("; "):
            if match := re.fullmatch(
                r"comparisons\.csv: candidate (\w+), rival (\w+), split (\w+) \(([\w, ]+)\)", source
            ):
                row = table[match[1], match[2], match[3]]
                for column in match[4].split(", "):
                    text = f"{row[column]:.2g}" if column in ("p", "p_holm") else points(row[column])
                    assert text in line.text, (line, column)
                    checked += 1
            elif source.startswith("arms.csv"):
                for arm in re.findall(r"arm (\w+)", source):
                    assert arm in arms
            else:
                assert source.startswith(("verdict.json (protocol)", "verdict.json (verdict)", "facts.csv: fact ")) or (
                    source == "comparisons.csv: no row with split val"
                )
    assert checked >= 10


@pytest.mark.parametrize("word", CASES)
def test_the_rules_lead_to_the_word(word):
    found = run(*CASES[word])
    texts = [line.text for line in found.explanation]
    help_rules = [text for text in texts if text.startswith("To help")]
    assert len(help_rules) == 4, "three real-only arms and the control"
    assert all(text.endswith("yes.") for text in help_rules) == (word == "helps")
    (harm,) = [text for text in texts if text.startswith("To harm")]
    assert harm.endswith("yes.") == (word == "harms")
    assert f"So the word is: {word}." in texts
    assert any("Without val's veto" in text for text in texts) == (word == "not used")
    assert any("plain training on data/augmented" in text for text in texts)


def test_the_number_of_other_comparisons_is_counted_in():
    found = run(0.86)
    (line,) = [line.text for line in found.explanation if "Holm" in line.text]
    secondary = [row for row in comparison_rows(found.comparisons) if row["claim"] == "secondary"]
    held = sum(row["p_holm"] <= 0.05 for row in secondary)
    assert line.startswith(f"{held} of the {len(secondary)} other comparisons")
