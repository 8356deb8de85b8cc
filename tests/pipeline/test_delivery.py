"""`assemble.use` changes what is told of data/augmented, and neither the choice nor the verdict."""

import json
from pathlib import Path

import pytest

from augment.params import check
from pipeline.evaluate import evaluate
from pipeline.experiment import experiment
from pipeline.report import arm_seconds
from tests.pipeline.evaluated import CHOSEN, verdict


@pytest.mark.usefixtures("toy_project")
def test_the_first_advice_follows_the_setting_and_val_chooses_all_the_same() -> None:
    experiment(check(CHOSEN))
    told = {}
    for use in ("chosen", "real"):
        evaluate(check({**CHOSEN, "assemble": {"use": use}}))
        told[use] = verdict() | {"metrics": json.loads(Path("reports/metrics.json").read_text())}
        assert told[use]["delivery"]["use"] == use
    chosen, real = told["chosen"], told["real"]
    assert {key for key in chosen if chosen[key] != real[key]} == {"delivery", "advice"}
    assert real["advice"][0].startswith("data/augmented holds real images alone, as `assemble.use: real` asks.")
    assert real["delivery"]["arm"] is None
    assert chosen["first_line"].endswith("no pretrained backbone, since images below 16 px show it nothing.")
    assert (chosen["tried"], chosen["references"]) == (["scratch"], [])
    seconds = arm_seconds(chosen["looked"]["scores"])
    assert {"none", "gan_half_filtered", "as_delivered"} <= set(seconds)
    assert all(value > 0 for value in seconds.values())
