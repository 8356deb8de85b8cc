"""The time a run still takes: the plan's where nothing is measured, what was measured where it is."""

from pathlib import Path

import pytest

from augment.core.progress import Progress
from augment.core.progress.lines import left_text
from augment.core.progress.run_clock import (
    CLOCK,
    RUN,
    STAGE,
    Part,
    RunClock,
    begin_part,
    running_clock,
    settle,
    write_clock,
)

PARTS = [
    Part("train", "GANs", {"": 100.0}),
    Part("experiment", "real", {"": 60.0}),
    Part("experiment", "others", {"scratch": 300.0, "probe": 30.0}),
    Part("report", "", {"": 5.0}),
]


def test_a_plan_that_holds_is_counted_down() -> None:
    clock = RunClock(PARTS, known="probe").begin("train", "GANs", 4, now=1000.0)
    assert clock is not None
    assert clock.total() == 195
    assert clock.left(0.0, 1000.0) == 195
    assert clock.left(0.25, 1025.0) == pytest.approx(170)
    later = clock.end(1100.0).begin("experiment", "real", 1, now=1100.0)
    assert later is not None
    assert later.left(0.5, 1130.0) == pytest.approx(65)


@pytest.mark.parametrize("slower", [0.5, 3.0])
def test_what_was_measured_is_believed_more_and_more(slower: float) -> None:
    clock = RunClock(PARTS, known="probe").begin("train", "GANs", 4, now=0.0)
    assert clock is not None
    errors = [abs(clock.left(share, slower * 100 * share) / (slower * (195 - 100 * share)) - 1) for share in (0.1, 0.9)]
    assert errors[1] < errors[0]
    after = clock.end(slower * 100)
    assert abs(after.left(0.0, slower * 100) / (slower * 95) - 1) < 1 / 3


def test_old_measurements_fade() -> None:
    parts = [Part("train", str(number), {"": 120.0}) for number in range(5)]
    clock = RunClock(parts)
    for number, taken in enumerate((120.0, 480.0, 480.0, 480.0)):
        begun = clock.begin("train", str(number), 1, clock.since)
        assert begun is not None
        clock = begun.end(begun.since + taken)
    assert clock.pace() > 3.2  # the plain mean of all is 3.25 with much less of the plan


def test_a_busy_machine_is_reckoned_with_from_the_start() -> None:
    clock = RunClock(PARTS, known="probe", expected=3.0)
    assert clock.total() == 3 * 195
    assert clock.left(0.0, 0.0) == 3 * 195


def test_what_has_no_name_is_measured_too() -> None:
    parts = [Part("ingest", "", {"": 4.0}), Part("train", "", {"": 4.0}), Part("train", "GANs", {"": 10.0})]
    begun = RunClock(parts, since=100.0).begin("train", "GANs", 1, now=124.0)
    assert begun is not None
    assert (begun.planned, begun.taken) == (8, 24)
    named = [*parts, Part("generate", "samples", {"": 50.0})]
    skipped = RunClock(named, since=100.0).begin("generate", "samples", 1, now=101.0)
    assert skipped is not None
    assert skipped.planned == 0, "the GANs were there already: nothing was measured"


def test_what_is_not_known_yet_counts_by_its_mean() -> None:
    assert RunClock(PARTS).total() == 100 + 60 + 165 + 5
    assert RunClock(PARTS, known="scratch").total() == 100 + 60 + 300 + 5


def test_a_stage_that_is_skipped_is_over() -> None:
    clock = RunClock(PARTS, known="probe").begin("experiment", "others", 1, now=50.0)
    assert clock is not None
    assert clock.left(0.0, 50.0) == 35
    assert clock.begin("train", "GANs", 1, now=60.0) is None, "it never goes back"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(RUN, str(tmp_path / CLOCK))
    monkeypatch.setenv(STAGE, "dvc.yaml:train")
    write_clock(RunClock(PARTS), tmp_path / CLOCK)
    return tmp_path / CLOCK


def test_progress_tells_one_time_for_the_whole_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("GANs", 1)
    progress.advance()
    assert capsys.readouterr().err.startswith("  GANs: 1 of 1; about ")
    kept = running_clock()
    assert kept is not None
    assert (kept.at, kept.planned) == (1, 100)
    settle("probe")
    kept = running_clock()
    assert kept is not None
    assert kept.known == "probe"


def test_without_a_run_progress_tells_its_own_time(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin_part("what no plan names", 3) is None
    run.write_text("{}")
    assert running_clock() is None
    monkeypatch.delenv(STAGE)
    Progress("GANs", 1).advance()
    assert capsys.readouterr().err == "  GANs: 1 of 1 in 0 s\n"


def test_time_is_told_as_exactly_as_it_is_known() -> None:
    told = [left_text(seconds) for seconds in (1, 43, 200, 7200)]
    assert told == [f"about {text} left of the run" for text in ("5 s", "45 s", "3 min", "2.0 h")]
