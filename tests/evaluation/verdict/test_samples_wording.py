"""What is told of copies and of membership."""

import pytest

from augment.evaluation.samples.copies import CopyRow
from augment.evaluation.samples.membership import MembershipRow
from augment.evaluation.verdict.explanation import explain_copies, explain_membership
from tests.evaluation.samples.test_copies import rows, sets


def told(*found: CopyRow) -> str:
    (line,) = explain_copies(found)
    assert line.source == "copies.csv: label pooled (synthetic_rate, control_rate)"
    return line.text


def test_what_is_told_is_of_the_last_row_and_warns_above_twice_the_controls_rate():
    other = CopyRow("pooled", 1.0, 0.0, 5, 5, "a class of that name")
    few, many = (CopyRow("pooled", rate, 0.012, 600, 50, "") for rate in (0.024, 0.025))
    assert told(other, few) == (
        "Before any selection 2.4 % of the samples lie as near to a training image as hardly any unseen real image "
        "does; of those 1.2 % do."
    )
    assert "more than 2 times as many" in told(other, many)
    assert "fewer train.steps" in told(many)


def test_a_rate_that_was_not_measured_is_told_with_its_reason():
    (*_, pooled) = rows(sets(50, 1), sets(20, 0), sets(6, 2))
    assert told(pooled).startswith("How many samples are copies is not known: 18 usable held-out images in 18 groups")


@pytest.mark.parametrize(("space", "way"), [("pixels", "by pixels"), ("random_convolutions", "by random features")])
def test_the_attack_is_told_with_its_interval_or_why_it_was_not_measured(space: str, way: str) -> None:
    auc = MembershipRow(space, "auc", 0.612, 0.55, 0.67, 0.5, 40, 30, "")
    rate = MembershipRow(space, "tpr_0.1", 0.2, 0.1, 0.3, 0.1, 40, 30, "")
    unknown = MembershipRow(space, "auc", None, None, None, 0.5, 9, 9, "not measured: 9 are too few")
    told_auc, told_unknown = explain_membership([auc, rate, unknown])
    assert told_auc.text.startswith(
        f"From the samples, {way}, a training image is told from an unseen one with a chance"
    )
    assert "of 0.61 [0.55, 0.67]; guessing has 0.50." in told_auc.text
    assert told_auc.source == f"membership.csv: space {space}, figure auc (value, low, high)"
    assert told_unknown.text == (
        f"Whether the samples give training images away, {way}, was not measured: 9 are too few. "
        "They are not anonymous."
    )
