"""Every number of the Slanted Land story (docs/gans-by-hand.md), and ten seeds that learn it from nothing."""

import math
import re
import textwrap
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from augment.gan.networks.architecture import NetworkName
from augment.gan.training.losses import LossName
from augment.report.charts.line_chart import COLORS
from benchmarks.losses import shapes
from examples import slanted_land as story

ROOT = Path(__file__).parent.parent


def test_a_clean_face_scores_one() -> None:
    judge = story.discriminator_by_hand()
    clean = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    assert judge(clean).item() == 1
    assert round(story.probability(judge, clean).item(), 2) == 0.73
    assert story.probability(judge, clean).item() == pytest.approx(1 / (1 + math.exp(-1)))


def test_five_of_the_sixteen_screens_pass_and_four_of_them_tie() -> None:
    screens = story.all_screens()
    assert len({tuple(screen.flatten().tolist()) for screen in screens}) == 16
    assert set(screens.unique().tolist()) == {0.0, 1.0}
    scores = story.discriminator_by_hand()(screens).tolist()
    passing = {
        tuple(map(int, screen.flatten().tolist())): score
        for screen, score in zip(screens, scores, strict=True)
        if score >= 0
    }
    corners = {(1, 0, 0, 0): 0, (0, 0, 0, 1): 0}
    assert passing == {(1, 0, 0, 1): 1, **corners, (1, 1, 0, 1): 0, (1, 0, 1, 1): 0}
    ties = torch.tensor(list(corners), dtype=torch.float32).view(2, 1, 2, 2)
    assert story.probability(story.discriminator_by_hand(), ties).tolist() == [0.5, 0.5]


def test_the_generator_by_hand() -> None:
    painter, z = story.generator_by_hand(), torch.tensor([[0.7]])
    assert {weight.item() for weight in painter.to_pixels.weight.flatten()} == {1.0, -1.0}
    assert {bias.item() for bias in painter.to_pixels.bias} == {1.0, -1.0}
    assert painter.scores(z).flatten().tolist() == pytest.approx([1.7, -1.7, -1.7, 1.7])
    pixels = story.paint(painter, z).flatten().tolist()
    assert [round(pixel, 2) for pixel in pixels] == [0.85, 0.15, 0.15, 0.85]
    assert torch.allclose(painter(z), 2 * story.paint(painter, z) - 1), "the pipeline's network, from -1 to 1"


@pytest.mark.parametrize(
    ("label", "prediction", "cost"), [(1, 0.1, 2.30), (1, 0.9, 0.11), (0, 0.1, 0.11), (0, 0.9, 2.30)]
)
def test_the_log_loss(label: int, prediction: float, cost: float) -> None:
    assert round(story.log_loss(label, prediction), 2) == cost


def test_a_fake_that_looks_real_costs_the_discriminator_more_than_the_generator() -> None:
    d_cost, g_cost = story.costs_of_a_fake(0.68)
    assert (round(d_cost, 2), round(g_cost, 2)) == (1.14, 0.39)
    assert d_cost == pytest.approx(-math.log(1 - 0.68))
    assert g_cost == pytest.approx(-math.log(0.68))


@pytest.mark.parametrize("z", [0.0, 0.3, 0.7, 1.0])
def test_the_slopes_by_hand_are_those_that_torch_finds(z: float) -> None:
    along_g, along_d = story.slopes_by_hand(z)
    discriminator, generator = story.discriminator_by_hand(), story.generator_by_hand()
    score = discriminator(story.paint(generator, torch.tensor([[z]])))
    (slope,) = torch.autograd.grad(
        story.LOSS.generator(score, score).sum(), generator.to_pixels.weight, retain_graph=True
    )
    assert torch.allclose(along_g, slope[:, 0])
    sure = torch.full_like(score, 100.0)
    (slope,) = torch.autograd.grad(story.LOSS.discriminator(sure, score).sum(), discriminator.to_logit.weight)
    assert torch.allclose(along_d, slope[0])


def test_the_slopes_that_the_page_tells() -> None:
    along_g, along_d = story.slopes_by_hand(0.7)
    assert [round(slope, 3) for slope in along_g.tolist()] == [-0.037, 0.037, 0.037, -0.037]
    assert [round(slope, 2) for slope in along_d.tolist()] == [0.50, 0.09, 0.09, 0.50]
    screen = story.paint(story.generator_by_hand(), torch.tensor([[0.7]]))
    assert round(story.probability(story.discriminator_by_hand(), screen).item(), 2) == 0.59


def test_ten_of_ten_seeds_learn_faces_from_random_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = story.main(seeds=10, out=tmp_path)
    assert [run.seed for run in runs] == list(range(10))
    for run in runs:
        assert run.steps is not None, f"seed {run.seed} did not learn"
        assert 0 < run.steps < 500
        scores = story.discriminator_by_hand()(run.images[-1])
        assert (scores >= 0).all()
        assert not (story.discriminator_by_hand()(run.images[0]) >= 0).all(), "it was no face before"
        moved = (run.d_weights, run.g_weights, run.images, run.belief)
        assert {len(entries) for entries in moved} == {run.steps + 1}
    assert len({tuple(run.d_weights[0]) for run in runs}) == 10, "ten different beginnings"
    signs = torch.tensor(runs[0].d_weights[-1][:4]).sign()
    assert torch.equal(signs, story.SIGNS), "docs/gans-by-hand.md says so"
    steps = [run.steps for run in runs if run.steps is not None]
    assert (min(steps), max(steps)) == pytest.approx((88, 162), abs=3), "docs/gans-by-hand.md says so"
    told = capsys.readouterr().out
    for number in (
        "0.73",
        "0.50",
        "1.7 -1.7",
        "0.85 0.15",
        "2.30",
        "0.11",
        "1.14",
        "0.39",
        "0.59",
        "-0.037 0.037",
        "10 of 10 seeds",
    ):
        assert number in told
    for name in ("slanted_screens", "log_loss", "slanted_training"):
        drawn, shown = np.asarray(Image.open(tmp_path / f"{name}.png")), Image.open(ROOT / f"docs/figures/{name}.png")
        assert drawn.shape == np.asarray(shown).shape, "run python examples/slanted_land.py docs/figures"
        assert np.abs(drawn.astype(float) - np.asarray(shown)).mean() < 1


def test_the_frames_mark_the_screens_that_pass() -> None:
    pixels = np.asarray(story.draw_screens())
    green = (pixels == COLORS[3]).all(axis=2)
    assert green.any()
    side, frame = 64, 4
    framed = [green[8 - frame + row * (side + 38), 16 + column * (side + 16)] for row in (0, 1) for column in range(8)]
    assert [index for index, passes in enumerate(framed) if passes] == [1, 8, 9, 11, 13]


def test_the_shapes_of_the_losses_are_drawn_as_they_are() -> None:
    drawn, shown = np.asarray(shapes()), Image.open(ROOT / "docs/figures/loss_shapes.png")
    assert drawn.shape == np.asarray(shown).shape, "run python -m benchmarks.losses docs/figures"
    assert np.abs(drawn.astype(float) - np.asarray(shown)).mean() < 1


def test_the_page_shows_the_example_as_it_is() -> None:
    story_page, library_page = ((ROOT / f"docs/{name}.md").read_text() for name in ("gans-by-hand", "gans"))
    code = (ROOT / "examples/slanted_land.py").read_text()
    (lines,) = re.findall(r"```python\n(.*?)```", story_page, flags=re.DOTALL)
    assert textwrap.indent(lines, " " * 8).strip() in code
    for figure in re.findall(r"\]\((figures/[^)]+)\)", story_page + library_page):
        assert (ROOT / "docs" / figure).exists()
    names = set(re.findall(r"^\| `(\w+)` \|", library_page, flags=re.MULTILINE))
    assert names == {*get_args(NetworkName), *get_args(LossName)}
