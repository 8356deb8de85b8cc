"""Losses against closed forms, torch's own losses, and gradients worked out by hand."""

import math
from typing import get_args

import pytest
import torch
import torch.nn.functional as F

from augment.gan.training.losses import LossName, adversarial_loss
from augment.params import Train

REAL = torch.tensor([-2.0, 0.25, 0.5, 3.0], dtype=torch.float64)
FAKE = torch.tensor([1.0, 0.125, -0.5, -4.0], dtype=torch.float64)
ONES, ZEROS = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
NAMES: tuple[LossName, ...] = get_args(LossName)

REAL_P, FAKE_P = 1 / (1 + torch.exp(-REAL)), 1 / (1 + torch.exp(-FAKE))
PAIR_P = 1 / (1 + torch.exp(FAKE - REAL))  # probability that the real one is the real one

# Both players' losses and their slopes along D(x) and D(G(z)), as the papers write them.
D_LOSS = {
    "relativistic": -torch.log(PAIR_P),
    "non_saturating": -(torch.log(REAL_P) + torch.log(1 - FAKE_P)),
    "minimax": -(torch.log(REAL_P) + torch.log(1 - FAKE_P)),
    "mse": (1 - REAL_P) ** 2 + (0 - FAKE_P) ** 2,
    "least_squares": (REAL - 1) ** 2 / 2 + (FAKE - 0) ** 2 / 2,
    "hinge": torch.clamp(1 - REAL, min=0) + torch.clamp(1 + FAKE, min=0),
    "wasserstein_gp": FAKE - REAL,
}
G_LOSS = {
    "relativistic": -torch.log(1 - PAIR_P),
    "non_saturating": -torch.log(FAKE_P),
    "minimax": torch.log(REAL_P) + torch.log(1 - FAKE_P),
    "mse": (1 - FAKE_P) ** 2,
    "least_squares": (FAKE - 1) ** 2 / 2,
    "hinge": -FAKE,
    "wasserstein_gp": -FAKE,
}
D_SLOPES = {
    "relativistic": (PAIR_P - 1, 1 - PAIR_P),
    "non_saturating": (REAL_P - 1, FAKE_P),
    "minimax": (REAL_P - 1, FAKE_P),
    "mse": (-2 * (1 - REAL_P) ** 2 * REAL_P, 2 * FAKE_P**2 * (1 - FAKE_P)),
    "least_squares": (REAL - 1, FAKE),
    "hinge": (-(REAL < 1).double(), (FAKE > -1).double()),
    "wasserstein_gp": (-ONES, ONES),
}
G_SLOPE = {
    "relativistic": -PAIR_P,
    "non_saturating": FAKE_P - 1,
    "minimax": -FAKE_P,
    "mse": -2 * (1 - FAKE_P) ** 2 * FAKE_P,
    "least_squares": FAKE - 1,
    "hinge": -ONES,
    "wasserstein_gp": -ONES,
}


@pytest.mark.parametrize("name", NAMES)
def test_closed_forms(name: LossName) -> None:
    loss = adversarial_loss(name)
    assert torch.allclose(loss.discriminator(REAL, FAKE), D_LOSS[name])
    assert torch.allclose(loss.generator(REAL, FAKE), G_LOSS[name])


@pytest.mark.parametrize("name", NAMES)
def test_gradients(name: LossName) -> None:
    loss = adversarial_loss(name)
    real, fake = REAL.clone().requires_grad_(True), FAKE.clone().requires_grad_(True)
    input_grads = torch.autograd.grad(loss.discriminator(real, fake).sum(), (real, fake))
    for found, expected in zip(input_grads, D_SLOPES[name], strict=True):
        assert torch.allclose(found, expected)
    (slope,) = torch.autograd.grad(loss.generator(REAL, fake).sum(), fake)
    assert torch.allclose(slope, G_SLOPE[name])
    assert (slope < 0).all() or name == "least_squares", "G raises D's score of its images"


@pytest.mark.parametrize("name", NAMES)
def test_both_losses_stay_finite_where_the_logarithm_of_a_rounded_zero_would_not(name: LossName) -> None:
    loss = adversarial_loss(name)
    for real, fake in ((-200.0, 200.0), (200.0, -200.0)):
        scores = torch.tensor([real]), torch.tensor([fake])
        assert torch.isfinite(loss.discriminator(*scores)).all()
        assert torch.isfinite(loss.generator(*scores)).all()


def test_torchs_own_losses_agree() -> None:
    def cross_entropy(scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return F.binary_cross_entropy_with_logits(scores, target, reduction="none")

    loss = adversarial_loss("non_saturating")
    assert torch.allclose(loss.discriminator(REAL, FAKE), cross_entropy(REAL, ONES) + cross_entropy(FAKE, ZEROS))
    assert torch.allclose(loss.generator(REAL, FAKE), cross_entropy(FAKE, ONES))
    squares = F.mse_loss(REAL_P, ONES, reduction="none") + F.mse_loss(FAKE_P, ZEROS, reduction="none")
    assert torch.allclose(adversarial_loss("mse").discriminator(REAL, FAKE), squares)


def test_minimax_is_zero_sum() -> None:
    loss = adversarial_loss("minimax")
    assert torch.equal(loss.generator(REAL, FAKE), -loss.discriminator(REAL, FAKE))


def test_the_relativistic_loss_ignores_a_common_offset() -> None:
    loss = adversarial_loss("relativistic")
    assert torch.allclose(loss.discriminator(REAL + 7, FAKE + 7), loss.discriminator(REAL, FAKE))


@pytest.mark.parametrize(("name", "d_value", "g_value"), [
    ("relativistic", math.log(2), math.log(2)), ("non_saturating", 2 * math.log(2), math.log(2)),
    ("minimax", 2 * math.log(2), -2 * math.log(2)), ("mse", 0.5, 0.25), ("least_squares", 0.5, 0.5),
    ("hinge", 2.0, 0.0), ("wasserstein_gp", 0.0, 0.0),
])  # fmt: skip
def test_an_undecided_discriminator(name: LossName, d_value: float, g_value: float) -> None:
    loss, zero = adversarial_loss(name), torch.zeros(1, dtype=torch.float64)
    assert loss.discriminator(zero, zero).item() == pytest.approx(d_value)
    assert loss.generator(zero, zero).item() == pytest.approx(g_value)


def test_params_offers_exactly_these_losses() -> None:
    assert get_args(Train.model_fields["loss"].annotation) == NAMES
    assert [name for name in NAMES if adversarial_loss(name).penalty == "one_centred"] == ["wasserstein_gp"]


@pytest.mark.parametrize("name", NAMES)
def test_never_flat_says_whether_a_derivative_can_vanish(name: LossName) -> None:
    """Somewhere between -20 and 20 the losses that stop pulling have a slope of exactly 0."""
    scores = torch.arange(-20, 20.5, 0.5, dtype=torch.float64)
    real, fake = scores.clone().requires_grad_(), scores.flip(0).clone().requires_grad_()
    input_grads = torch.autograd.grad(adversarial_loss(name).discriminator(real, fake).sum(), (real, fake))
    assert adversarial_loss(name).never_flat == all((slope != 0).all().item() for slope in input_grads)
