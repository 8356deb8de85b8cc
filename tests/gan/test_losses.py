"""Losses against closed forms and torch's own cross-entropy."""

import math

import pytest
import torch
import torch.nn.functional as F

from augment.gan.losses import adversarial_loss, gradient_penalty

REAL = torch.tensor([-2.0, 0.0, 0.5, 3.0], dtype=torch.float64)
FAKE = torch.tensor([1.0, 0.0, -0.5, -4.0], dtype=torch.float64)
ONES, ZEROS = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)


def cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none")


def test_non_saturating_is_two_cross_entropies() -> None:
    loss = adversarial_loss("non_saturating")
    assert torch.allclose(loss.discriminator(REAL, FAKE), cross_entropy(REAL, ONES) + cross_entropy(FAKE, ZEROS))
    assert torch.allclose(loss.generator(REAL, FAKE), cross_entropy(FAKE, ONES))


def test_relativistic_is_the_cross_entropy_of_the_difference() -> None:
    loss = adversarial_loss("relativistic")
    assert torch.allclose(loss.discriminator(REAL, FAKE), cross_entropy(REAL - FAKE, ONES))
    assert torch.allclose(loss.generator(REAL, FAKE), cross_entropy(FAKE - REAL, ONES))


@pytest.mark.parametrize(("name", "d_value"), [("relativistic", math.log(2)), ("non_saturating", 2 * math.log(2))])
def test_an_undecided_discriminator(name: str, d_value: float) -> None:
    loss = adversarial_loss(name)  # type: ignore[arg-type]
    zero = torch.zeros(1, dtype=torch.float64)
    assert loss.discriminator(zero, zero).item() == pytest.approx(d_value)
    assert loss.generator(zero, zero).item() == pytest.approx(math.log(2))


def test_the_relativistic_loss_ignores_a_common_offset() -> None:
    loss = adversarial_loss("relativistic")
    assert torch.allclose(loss.discriminator(REAL + 7, FAKE + 7), loss.discriminator(REAL, FAKE))


def test_generators_gradient_pushes_fake_logits_up() -> None:
    for name in ("relativistic", "non_saturating"):
        fake = FAKE.clone().requires_grad_(True)
        adversarial_loss(name).generator(REAL, fake).sum().backward()
        expected = -torch.sigmoid((REAL if name == "relativistic" else ZEROS) - FAKE)
        assert torch.allclose(fake.grad, expected)


def test_gradient_penalty_of_a_quadratic() -> None:
    """D(x) = sum a x^2 has gradient 2 a x, so the penalty is 4 a^2 sum x^2."""
    images = torch.randn(5, 3, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    images.requires_grad_(True)
    a = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty((a * images.square()).sum(dim=(1, 2, 3)), images)
    expected = 4 * a**2 * images.square().sum(dim=(1, 2, 3))
    assert torch.allclose(penalty, expected)
    (slope,) = torch.autograd.grad(penalty.sum(), a)
    assert slope.item() == pytest.approx((8 * a * images.square().sum()).item())
