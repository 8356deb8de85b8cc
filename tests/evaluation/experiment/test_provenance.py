"""A generator that is pinned may have seen what repeats hold out."""

import pytest

from augment.core.errors import DataError
from augment.evaluation.experiment.training_sets import veto_mode_for
from augment.params import Evaluate


@pytest.mark.parametrize("gate", ["auto", "val", "rotate"])
@pytest.mark.parametrize("protocol", ["holdout", "repeated"])
def test_without_a_pinned_generator_the_settings_hold(gate: str, protocol: str) -> None:
    assert veto_mode_for(False, Evaluate(gate=gate, protocol=protocol)) == gate


@pytest.mark.parametrize("gate", ["auto", "val"])
def test_beside_a_pinned_generator_val_stays_where_it_is(gate: str) -> None:
    assert veto_mode_for(True, Evaluate(gate=gate)) == "val"


@pytest.mark.parametrize(
    ("asked", "named"),
    [({"gate": "rotate"}, "evaluate.gate: rotate"), ({"protocol": "repeated"}, "evaluate.protocol: repeated")],
)
def test_other_sides_are_refused(asked: dict[str, str], named: str) -> None:
    with pytest.raises(DataError, match=f"^leak: train.base: {named} .*Empty that folder .* holdout` and .* val`"):
        veto_mode_for(True, Evaluate(**asked))
