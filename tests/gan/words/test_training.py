"""The step of words is the one that its docstring writes, and what is learnt is repeatable."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

import augment
from augment.core.errors import ArgumentError, DataError
from augment.gan.networks.architecture import Architecture
from augment.gan.words.networks import WordNetwork, fit_of
from augment.gan.words.reader import misread, trained_reader
from augment.gan.words.training import (
    GAMMA,
    PENALTY_EVERY,
    even_weights,
    new_players,
    recombined,
    settle,
    with_words_left_out,
    word_step,
)

PLAN = Architecture("dcgan", 3, 8, 8, latent=4, features=4)
WORDS = 5


def batch(count: int = 6) -> tuple[torch.Tensor, ...]:
    """Images, their words, other words, and what G is asked."""
    rng = torch.Generator().manual_seed(0)
    real = torch.rand(count, 3, 8, 8, generator=rng) * 2 - 1
    return real, *(torch.randint(0, 2, (count, WORDS), generator=rng).float() for _ in range(3))


def brightness(made: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """In the place of a reader."""
    return 0.1 * made.sum(dim=(1, 2, 3)) * asked.sum(dim=1)


def test_an_image_scores_the_sum_of_its_words() -> None:
    outputs, bags = torch.tensor([[1.0, 10, 100, 1000]]), torch.tensor([[1.0, 0, 1]])
    assert fit_of(outputs, bags).tolist() == [1011.0]
    assert fit_of(outputs, torch.zeros(1, 3)).tolist() == [1.0]


@pytest.mark.parametrize("step", [0, 1])
def test_a_step_has_the_gradients_of_the_losses(step: int) -> None:
    """Both players' gradients, by plain autograd; the penalty on every fourth step, times four."""
    ours, (real, bags, others, asked) = new_players(PLAN, WORDS, 3), batch()
    ours.step = step
    theirs = copy.deepcopy(ours.generator), copy.deepcopy(ours.judge)
    rng = torch.Generator()
    rng.set_state(ours.rng.get_state())
    word_step(ours, real, bags, others, asked, brightness)

    generator, judge = theirs
    z = torch.randn(len(real), PLAN.latent, generator=rng)
    fake = generator(z, asked)
    g_loss = F.softplus(-(fit_of(judge(fake), asked) - fit_of(judge(real), bags))).mean()
    g_loss = g_loss + brightness(fake, asked).mean()
    g_grads = torch.autograd.grad(g_loss, list(generator.parameters()))
    seen_real, seen_fake = (images.detach().requires_grad_() for images in (real, fake))
    right, drawn = fit_of(judge(seen_real), bags), fit_of(judge(seen_fake), asked)
    d_loss = F.softplus(drawn - right).mean() + F.softplus(fit_of(judge(seen_real), others) - right).mean()
    if step == 0:
        slopes = torch.autograd.grad(right.sum() + drawn.sum(), (seen_real, seen_fake), create_graph=True)
        squares = sum(slope.square().sum(dim=(1, 2, 3)).mean() for slope in slopes)
        d_loss = d_loss + PENALTY_EVERY * GAMMA * 8 * 8 / 32**2 / 2 * squares
    d_grads = torch.autograd.grad(d_loss, list(judge.parameters()))
    for mine, grads in ((ours.generator, g_grads), (ours.judge, d_grads)):
        for parameter, grad in zip(mine.parameters(), grads, strict=True):
            assert parameter.grad is not None
            torch.testing.assert_close(parameter.grad, grad, atol=1e-6, rtol=1e-4)


def test_words_change_what_is_drawn_and_each_by_itself() -> None:
    torch.manual_seed(0)
    network = WordNetwork(PLAN, WORDS).eval()
    z, one = torch.randn(1, PLAN.latent), torch.zeros(1, WORDS)
    with torch.no_grad():
        images = [network(z, one.index_fill(1, torch.tensor([word]), 1.0)) for word in range(WORDS)]
    assert images[0].shape == (1, 3, 8, 8)
    assert all(not torch.equal(images[0], other) for other in images[1:])


@pytest.mark.parametrize(("height", "width"), [(2, 3), (7, 7), (16, 12), (20, 33)])
def test_any_size_is_drawn_and_scored(height: int, width: int) -> None:
    plan = Architecture("dcgan", 1, height, width, 4, 4)
    players = new_players(plan, WORDS, 0)
    images = players.generator(torch.randn(2, 4), torch.ones(2, WORDS))
    assert images.shape == (2, 1, height, width)
    assert players.judge(images).shape == (2, 1 + WORDS)


def test_words_are_left_out_of_every_other_description_and_never_all() -> None:
    rng = torch.Generator().manual_seed(0)
    bags = torch.ones(2000, 4)
    bags[1::4, 1:] = 0
    fewer = with_words_left_out(bags, rng)
    assert torch.equal(fewer[::2], bags[::2])
    assert (fewer <= bags).all()
    assert (fewer.sum(dim=1) > 0).all()
    assert 0.1 < 1 - fewer[3::4].mean() < 0.2


def test_only_what_is_asked_and_what_never_stands_beside_it_is_read() -> None:
    """Words: small, large, red, blue. Asked: small; large is barred, of colour nothing is known."""
    known = torch.tensor([[1.0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    together = (known.T @ known > 0).float()
    asked, logits = torch.tensor([[1.0, 0, 0, 0]]), torch.tensor([[2.0, -1.0, 50.0, -50.0]])
    expected = F.softplus(torch.tensor(-2.0)) + F.softplus(torch.tensor(-1.0))
    torch.testing.assert_close(misread(logits, asked, together), expected[None])
    both = torch.tensor([[1.0, 0, 0, 1]])
    assert misread(torch.zeros(1, 4), both, together).tolist() == pytest.approx([4 * math.log(2)])


def test_a_reader_finds_the_words_of_real_images() -> None:
    rng = torch.Generator().manual_seed(0)
    bags = torch.tensor([[1.0, 0], [0, 1]]).repeat(40, 1)
    images = torch.randint(0, 60, (80, 1, 4, 4), generator=rng)
    images[::2, :, :2] += 150
    reader = trained_reader(images.to(torch.uint8), bags, even_weights(bags), 100, 0)
    with torch.no_grad():
        found = reader(images.to(torch.uint8).float() / 255) > 0
    assert torch.equal(found.float(), bags)


def test_new_descriptions_have_only_pairs_that_were_seen_together() -> None:
    """Words: small, large, red, blue, left. Small is never large, red never blue; blue was never left."""
    known = torch.tensor([[1.0, 0, 1, 0, 1], [0, 1, 0, 1, 0], [0, 1, 1, 0, 1], [1, 0, 0, 1, 0]])
    together = (known.T @ known > 0).float()
    rng = torch.Generator().manual_seed(0)
    made = recombined(known[:1].repeat(200, 1), known[1:2].repeat(200, 1), together, rng)
    assert {tuple(row) for row in made.tolist()} == {(0, 1, 1, 0, 1), (1, 0, 0, 1, 0)}, "large in, or blue in"
    same = recombined(known, known, together, rng)
    assert torch.equal(same, known), "of the same description nothing changes"


def test_a_description_is_drawn_as_often_as_any_other() -> None:
    bags = torch.tensor([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    weights = even_weights(bags)
    assert torch.allclose(weights / weights.sum(), torch.tensor([1 / 6, 1 / 6, 1 / 6, 1 / 2]))


def test_settled_statistics_are_those_of_the_training_descriptions() -> None:
    torch.manual_seed(0)
    network, bags = WordNetwork(PLAN, WORDS), torch.eye(WORDS)
    settle(network, bags, even_weights(bags), 0)
    assert not network.training
    rows = network.project(torch.cat([torch.randn(20000, 4), bags.repeat(4000, 1)], dim=1))
    base = rows.view(20000, -1, PLAN.stages[0])
    assert torch.allclose(network.base.norm.running_mean, base.mean(dim=(0, 1)), atol=0.05)
    assert torch.allclose(network.base.norm.running_var, base.var(dim=(0, 1)), rtol=0.1)


def test_equal_arguments_give_equal_weights() -> None:
    images = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8)
    said = ["light scratch", "dark scratch", "light dent", "dark dent"]
    first, again, other = (
        augment.train_words(images, said, steps=3, seed=seed, progress=False).network.state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert any(not torch.equal(value, other[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("images", "said", "error", "message"),
    [
        (torch.zeros(2, 1, 8, 8), ["a", "b"], DataError, r"images must be uint8 \(N, C, H, W\)"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), ["a"], DataError, "descriptions: 1 for 2 images"),
        (torch.zeros(0, 1, 8, 8, dtype=torch.uint8), [], DataError, "descriptions: 0 for 0 images"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), ["a", ""], DataError, "description '': it holds no word"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), ["a", 3], TypeError, "descriptions must be texts, got 3"),
        (torch.zeros(1, 1, 1, 8, dtype=torch.uint8), ["a"], DataError, "images are 1 x 8 pixels"),
    ],
)
def test_what_does_not_fit_is_named(
    images: torch.Tensor, said: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        augment.train_words(images, said, progress=False)


def test_steps_are_counted() -> None:
    with pytest.raises(ArgumentError, match="steps must be at least 1"):
        augment.train_words(torch.zeros(1, 1, 8, 8, dtype=torch.uint8), ["a"], steps=0)


def test_each_image_of_an_open_request_is_that_of_a_description_that_has_all_of_it() -> None:
    said = ["light scratch", "dark scratch", "light dent", "dark dent"]
    images = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8)
    words = augment.train_words(images, said, steps=2, progress=False)
    drawn = words.sample("dent", 32, seed=1)
    light, dark = (words.sample(f"{tone} dent", 32, seed=1) for tone in ("light", "dark"))
    is_light, is_dark = ((drawn == other).flatten(1).all(dim=1) for other in (light, dark))
    assert bool((is_light | is_dark).all())
    assert 4 < int(is_light.sum()) < 28
    assert torch.equal(drawn[:5], words.sample("dent", 5, seed=1))
