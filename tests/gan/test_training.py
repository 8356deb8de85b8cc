"""The two steps against the papers' formulas computed by hand."""

import copy

import pytest
import torch

from augment.gan.diffaugment import DiffAugment
from augment.gan.losses import adversarial_loss
from augment.gan.networks import Architecture
from augment.gan.training import (
    Game,
    _power,
    discriminator_step,
    effective_gamma,
    generator_step,
    new_game,
    settle_statistics,
    update_average,
)
from augment.params import Train

PLAN = Architecture("dcgan", 1, 8, 8, 4, 4)
PLAIN = DiffAugment(0.0, "none", False)


@pytest.fixture
def game() -> Game:
    return new_game(PLAN, seed=1, learning_rate=1e-3, device="cpu")


def batch(seed: int) -> torch.Tensor:
    return torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("gamma", [0.0, 0.8])
@pytest.mark.parametrize("name", ["relativistic", "non_saturating"])
def test_discriminator_step_follows_the_formula(game: Game, name: str, gamma: float) -> None:
    reference = copy.deepcopy(game.discriminator)
    real, fake = batch(0), batch(1)
    discriminator_step(game, real.clone(), fake.clone(), loss=adversarial_loss(name), augment=PLAIN, gamma=gamma)

    real, fake = real.requires_grad_(True), fake.requires_grad_(True)
    on_real, on_fake = reference(real), reference(fake)
    if name == "relativistic":
        objective = -torch.log(torch.sigmoid(on_real - on_fake))
    else:
        objective = -torch.log(torch.sigmoid(on_real)) - torch.log(1 - torch.sigmoid(on_fake))
    for logits, images in ((on_real, real), (on_fake, fake)):
        (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        objective = objective + gamma / 2 * slope.pow(2).sum(dim=(1, 2, 3))
    objective.mean().backward()
    for mine, theirs in zip(game.discriminator.parameters(), reference.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-6)


def test_generator_step_moves_only_the_generator_and_in_the_right_direction(game: Game) -> None:
    before = copy.deepcopy(game.discriminator.state_dict())
    z = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
    loss = adversarial_loss("non_saturating")
    losses = [
        generator_step(game, batch(0), game.generator(z), loss=loss, augment=PLAIN).mean().item() for _ in range(30)
    ]
    assert losses[-1] < losses[0]
    assert all(torch.equal(before[name], value) for name, value in game.discriminator.state_dict().items())
    assert all(weight.requires_grad for weight in game.discriminator.parameters())


@pytest.mark.parametrize("gamma", [0.0, 0.8])
def test_wasserstein_step_follows_the_formula(game: Game, gamma: float) -> None:
    """Its penalty lies between the images that D sees, drawn last from the game's generator."""
    reference, rng = copy.deepcopy(game.discriminator), torch.Generator().manual_seed(1)
    real, fake = batch(0), batch(1)
    discriminator_step(
        game, real.clone(), fake.clone(), loss=adversarial_loss("wasserstein_gp"), augment=PLAIN, gamma=gamma
    )
    share = torch.rand((5, 1, 1, 1), generator=rng)
    between = (share * real + (1 - share) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(reference(between).sum(), between, create_graph=True)
    length = slope.pow(2).sum(dim=(1, 2, 3)).sqrt()
    objective = reference(fake) - reference(real) + gamma * (length - 1) ** 2
    objective.mean().backward()
    for (name, mine), theirs in zip(game.discriminator.named_parameters(), reference.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-6), name


def test_the_wasserstein_penalty_brings_the_slope_to_one(game: Game) -> None:
    """D learns the distance of two points: its slope between them becomes 1."""
    black, white = -torch.ones(5, 1, 8, 8), torch.ones(5, 1, 8, 8)
    loss = adversarial_loss("wasserstein_gp")
    for group in game.discriminator_optimizer.param_groups:
        group["lr"] = 5e-3
    for _ in range(300):
        _, on_white, on_black = discriminator_step(game, white, black, loss=loss, augment=PLAIN, gamma=10.0)
    distance = (white[0] - black[0]).norm().item()
    assert (on_white - on_black).mean().item() / distance == pytest.approx(1 + distance / 20, rel=0.15)


@pytest.mark.parametrize("std", [0.05, 0.1, 0.2])
def test_average_has_the_declared_width(game: Game, std: float) -> None:
    """Follow one weight that is 1 at a single step: the average's response is the profile over steps."""
    steps = 400
    power = _power(std)
    profile = torch.zeros(steps, dtype=torch.float64)
    for step in range(1, steps + 1):
        beta = (1 - 1 / step) ** (power + 1)
        profile *= beta
        profile[step - 1] += 1 - beta
    time = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    mean = (profile * time).sum()
    assert ((profile * (time - mean) ** 2).sum().sqrt()).item() == pytest.approx(std, rel=0.02)


def test_average_of_a_standing_generator_is_that_generator(game: Game) -> None:
    for _ in range(3):
        game.step += 1
        update_average(game, 0.1)
    for mine, theirs in zip(game.average.parameters(), game.generator.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_average_lies_between_old_and_new_weights(game: Game) -> None:
    game.step = 10
    with torch.no_grad():
        torch._foreach_add_(list(game.generator.parameters()), 1.0)
    before = [weight.clone() for weight in game.average.parameters()]
    update_average(game, 0.1)
    share = 1 - (1 - 1 / 10) ** (_power(0.1) + 1)
    for old, new in zip(before, game.average.parameters(), strict=True):
        assert torch.allclose(new, old + share, atol=1e-5)


def test_settled_statistics_are_those_of_the_activations(game: Game) -> None:
    settle_statistics(game.average, seed=5, batches=40)
    z = torch.randn(4000, 4, generator=torch.Generator().manual_seed(0))
    activations = game.average.project(z).view(4000, -1, 4, 4)
    assert torch.allclose(game.average.normalise.running_mean, activations.mean(dim=(0, 2, 3)), atol=0.02)
    assert not game.average.training


def test_gamma_grows_with_the_number_of_pixels() -> None:
    relativistic, wasserstein = adversarial_loss("relativistic"), adversarial_loss("wasserstein_gp")
    large = Architecture("dcgan", 1, 64, 64, 4, 4)
    assert effective_gamma(0.5, Architecture("dcgan", 1, 32, 32, 4, 4), relativistic) == pytest.approx(0.5)
    assert effective_gamma(0.5, large, relativistic) == pytest.approx(2.0)
    assert effective_gamma(Train().gamma, large, wasserstein) == pytest.approx(10.0), "Gulrajani et al. 2017"
