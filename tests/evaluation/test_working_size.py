"""The working size is the largest with which a run ends in time."""

from dataclasses import replace

import pytest

from augment.core.errors import AugmentError, ParamsError
from augment.data.sizes import SIDES, Size
from augment.evaluation.cost import schedule, working_size
from augment.evaluation.cost.working_size import choose_working_size, largest_in_time, whole_minutes
from augment.params import check
from tests.evaluation.test_forecast import FREE, QUICK, entries

SQUARES = [(side, side) for side in SIDES]


class Clock:
    """fixed + per_pixel * pixels minutes, and what was asked."""

    def __init__(self, fixed: float, per_pixel: float, refused: tuple[Size, ...] = ()) -> None:
        self.fixed, self.per_pixel, self.refused = fixed, per_pixel, refused
        self.asked: list[Size] = []

    def __call__(self, size: Size) -> float:
        self.asked.append(size)
        if size in self.refused:
            raise ParamsError(f"not for {size}")
        return self.fixed + self.per_pixel * size[0] * size[1]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("fixed", [0.0, 30.0])
def test_the_largest_that_ends_in_time(side: int, fixed: float) -> None:
    clock = Clock(fixed, (49.9 - fixed) / side**2)
    size, line = largest_in_time(SQUARES, clock)
    assert size == (side, side)
    assert line.startswith(f"working size {side}x{side}: about 50 min on free cores")
    assert size == next(one for one in SQUARES if Clock(fixed, clock.per_pixel)(one) <= 50), "as if all were asked"


def test_what_cannot_end_in_time_is_not_timed() -> None:
    clock = Clock(0.0, 100 * 60 / 64**2)  # 100 hours at 64 px
    largest_in_time(SQUARES, clock)
    assert clock.asked == [(64, 64), (16, 16)]
    quick = Clock(1.0, 0.0)
    size, line = largest_in_time(SQUARES, quick)
    assert size == (64, 64)
    assert line == "working size 64x64: about 1 min on free cores, from a few timed steps (ingest.size)"
    assert quick.asked == [(64, 64)]


def test_the_line_says_what_the_next_would_take() -> None:
    _, line = largest_in_time([(64, 48), (32, 24)], Clock(0.0, 160 / (64 * 48)))
    assert line == (
        "working size 32x24: about 40 min on free cores; 64x48 would take about 2.7 h, and a run is planned for 50 min "
        "at most, to end within the hour (ingest.size)"
    )


def test_where_none_ends_in_time_size_is_not_given_away_for_little() -> None:
    """88.75 minutes at 16 px allow 133, and 32 px take 115; 48 px take 159, and are asked for though they cannot end
    within the hour."""
    size, line = largest_in_time(SQUARES, Clock(80.0, 35 / 32**2))
    assert size == (32, 32)
    assert line.startswith("working size 32x32: about 1.9 h on free cores; 48x48 would take about 2.6 h, and no size ")


def test_sizes_that_the_settings_do_not_allow_are_left_out() -> None:
    assert largest_in_time(SQUARES, Clock(1.0, 0.0, refused=((64, 64), (48, 48))))[0] == (32, 32)
    with pytest.raises(AugmentError, match="not for"):
        largest_in_time(SQUARES, Clock(1.0, 0.0, refused=tuple(SQUARES)))


def timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step of a GAN takes half as many minutes as an image has thousands of pixels."""
    monkeypatch.setattr(
        schedule, "time_parts", lambda train, *_: replace(FREE, gan_step=30 * train.images[0, 0].size / 1000)
    )
    monkeypatch.setattr("augment.evaluation.experiment.settings.is_available", lambda _: False)


def test_minutes_are_those_of_all_gans_and_the_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """One delivered set and two more, each of a shared GAN and two classes: 20 + 5 + 10 steps, timed on noise of this
    size; of `entries` only labels and sides count."""
    timed(monkeypatch)
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    assert whole_minutes((1, 16, 20), entries(), check(QUICK)) == 0.0, "nothing was computed, so cores would be free"
    monkeypatch.undo()
    timed(monkeypatch)
    monkeypatch.setattr(schedule.time, "process_time", schedule.time.perf_counter)
    assert whole_minutes((1, 16, 20), entries(), check(QUICK)) == pytest.approx(3 * (20 + 5 + 10) * 0.16, rel=0.2)


def test_pixels_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch)
    monkeypatch.setattr(schedule.time, "process_time", schedule.time.perf_counter)
    images = [replace(image, pixels=None) for image in entries()]
    size, line = choose_working_size({(90, 120): 60}, 1, images, check(QUICK))
    assert size == (24, 32), "105 half minutes for 0.768 thousand pixels are 40, and one that stages take to begin"
    assert "48x64 would take about 2.7 h" in line
    assert line.startswith(("working size 24x32: about 40 min", "working size 24x32: about 41 min"))


def test_a_gpu_is_asked_for_larger_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def minutes(shape: tuple[int, int, int], *_: object) -> float:
        asked.append(shape)
        return 40 * (shape[2] / 96) ** 2

    monkeypatch.setattr(working_size, "resolve_device", lambda _: "cuda")
    monkeypatch.setattr(working_size, "whole_minutes", minutes)
    assert choose_working_size({(400, 400): 1}, 3, [], check(QUICK))[0] == (96, 96)
    assert asked == [(3, 256, 256), (3, 96, 96)]
