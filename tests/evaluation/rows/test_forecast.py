"""What a run on rows takes and can show, told ahead."""

from pathlib import Path

import pytest

from augment.core.progress.run_clock import RunClock
from augment.data.rows.prepare import assign_row_splits, looked_at
from augment.evaluation.rows.experiment import second_base
from augment.evaluation.rows.forecast import RowWork, row_outlook, row_parts, row_work
from augment.evaluation.rows.preflight import row_blockers
from augment.params import Params, check
from tests.rows import write_toy

ARMS = ["none", "oversample", "logistic", "shrinkage_lda", "gan_half_filtered", "copies_half"]
SETTINGS = {"train": {"width": 4, "latent": 4, "shared_steps": 30, "steps": 10}, "compute": {"engine": "serial"}}


def params_of(path: Path, **evaluation: object) -> Params:
    ingest = {"source": "table", "path": str(path), "label_column": "kind"}
    chosen = {"arms": ARMS, "seeds": 3, "external": str(path.parent / "none"), **evaluation}
    return check({**SETTINGS, "ingest": ingest, "evaluate": chosen})


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> RowWork:
    path = write_toy(tmp_path_factory.mktemp("table") / "parts.csv")
    (path.parent / "none").mkdir()
    params = params_of(path)
    findings = looked_at(params.ingest)
    assign_row_splits(findings, params.ingest, 0)
    assert row_blockers(findings, params) == []
    return row_work(findings, params)


def test_the_parts_of_a_run_are_those_whose_progress_is_shown(work: RowWork) -> None:
    parts = row_parts(work)
    clock = RunClock(parts)
    for what in ("GANs and samples of repeats", "classifiers of real rows", "classifiers", "another classifier"):
        begun = clock.begin("experiment", what, 1, 0.0)
        assert begun is not None, what
        clock = begun.end(1.0)
    stages = list(dict.fromkeys(part.stage for part in parts))
    assert stages == ["ingest", "train", "generate", "experiment", "evaluate", "assemble", "report"]
    assert all(seconds > 0 for part in parts for seconds in part.seconds.values())
    (classifiers,) = [part for part in parts if part.what == "classifiers"]
    assert {*classifiers.seconds} == {"logistic", "shrinkage_lda"}


def test_gans_and_classifiers_are_counted(work: RowWork) -> None:
    assert work.steps == 30 + 3 * 10
    lines = row_outlook(work)
    assert lines[0].startswith("GANs: 3 to deliver, 6 more for the proof: ")
    assert lines[1].startswith(f"evaluation: {3 * len(ARMS)} classifiers: ")
    assert "independent test rows in a class and 3 paired seeds this set" in lines[2]


def test_another_classifier_is_one_that_the_base_is_not(tmp_path: Path) -> None:
    chosen = params_of(tmp_path / "t.csv").evaluate
    assert second_base(ARMS, "logistic", chosen) == "shrinkage_lda"
    assert second_base(ARMS, "shrinkage_lda", chosen) == second_base(ARMS, "gradient_boosting", chosen) == "logistic"
    assert second_base(["none", "gradient_boosting"], "gradient_boosting", chosen) is None
    assert second_base(ARMS, "logistic", params_of(tmp_path / "t.csv", second_classifier="off").evaluate) is None
