"""One step of both players, as the papers write it. What a run is stands in `run.py`, its loop in `trainer.py`.

With the relativistic loss, R1 and R2 (Huang et al. 2024, arXiv:2501.05441, eq. 2 and section 2.2) D descends the mean

    softplus(-(D(x) - D(G(z)))) + (gamma / 2) * (R1 + R2),    R1 = ||dD/dx||^2 at real images, R2 at G's,

and G that of softplus(-(D(G(z)) - D(x))). Where the code takes a faster way, a sentence says why that is equal, and
names the test in tests/gan/training that holds it.

Players may be a stack of K pairs (`stack.py`): batches then hold the models' images in turns (`networks/layers.py`),
and since every score hangs on one image and one model's weights, the sum over models of their mean losses has each
model's own gradient.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import to_float
from augment.gan.networks.layers import dual, split_dual
from augment.gan.training.augmentation import Augment
from augment.gan.training.losses import AdversarialLoss, Centre, adversarial_loss
from augment.gan.training.players import Players, PlayersOf, update_average
from augment.gan.training.run import GanSettings

REFERENCE_PIXELS = 32 * 32
LAMBDA_PER_GAMMA = 20.0  # the default gamma of 0.5 is then lambda = 10 of Gulrajani et al. 2017
MIN_SCORE_GRAD = 1e-30  # far below any derivative that moves a weight
MIN_SLOPE_NORM = 1e-12  # a flat D has slopes of length 0, and no direction in which to steepen


class Outcome(NamedTuple):
    """What one step saw, detached: the loss of each player and the scores of the images, (N K,) each."""

    d_loss: Tensor
    g_loss: Tensor
    real_scores: Tensor
    fake_scores: Tensor


def train_step(
    players: Players,
    settings: GanSettings,
    data: Tensor,
    sampling_weights: Tensor,
    augment: Augment,
    offsets: Tensor | None = None,
) -> Tensor:
    """Draw a batch, update both players and the average. Returns float64 (K, 4), unawaited.

    These are each model's losses, win rate and logit margin. sampling_weights, offsets: as `draw_images` takes them.
    """
    loss, models, every = adversarial_loss(settings.loss), players.models, settings.penalty_every
    full_gamma = effective_gamma(settings.gamma, players.generator.architecture, loss)
    gamma = full_gamma * every if players.step % every == 0 else 0.0  # lazy: now and then, and so much more
    real = draw_images(data, sampling_weights, settings.batch_size, players.rng, offsets)
    z = torch.randn(settings.batch_size * models, settings.latent, generator=players.rng, device=data.device)
    with torch.autocast(data.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        outcome = adversarial_step(players, real, z, loss=loss, augment=augment, gamma=gamma)
    torch.clear_autocast_cache()  # an autocast around this one would keep the weights of the first step for all
    players.step += 1
    update_average(players, settings.ema_std)
    logit_margin = outcome.real_scores - outcome.fake_scores
    step_metrics = torch.stack([outcome.d_loss, outcome.g_loss, (logit_margin > 0).float(), logit_margin])  # (4, N K)
    return step_metrics.view(4, -1, models).mean(dim=1).T.double()


def adversarial_step(
    players: PlayersOf[Any], real: Tensor, z: Tensor, *, loss: AdversarialLoss, augment: Augment, gamma: float
) -> Outcome:
    """One update of both players, each by the other as it stood before; a gamma of 0 leaves the penalty out.

    real: float (N K, C, H, W) in [-1, 1]; z: float (N K, latent). One pass of D serves both (Shen et al. 2021,
    arXiv:2103.00430): D scores every image by itself, so dD/dx of an image, times the derivative of a player's loss by
    its score, is that player's gradient (`test_one_pass_gives_both_players_their_gradients`).
    """
    images = augment(torch.cat([real, players.generator(z).float()]), players.rng)  # (2N K, C, H, W), hang on G's graph
    players.discriminator_optimizer.zero_grad(set_to_none=True)
    outcome, g_input_grads = gradients(players, images.detach(), loss, gamma)
    players.discriminator_optimizer.step()
    players.generator_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(images, g_input_grads)
    players.generator_optimizer.step()
    return outcome


def gradients(players: PlayersOf[Any], images: Tensor, loss: AdversarialLoss, gamma: float) -> tuple[Outcome, Tensor]:
    """Put the gradient of D's mean loss and penalty into D's weights; return that of G's mean loss by the images.

    images: float (2N K, C, H, W), N K real ones, then as many of G's, as D sees them.
    """
    seen = images.requires_grad_()
    scores = players.discriminator(seen).float()  # (2N K,)
    outcome, d_score_grads, g_score_grads = score_grads(loss, scores.detach(), players.models)
    if loss.never_flat:
        # The pass that D's weights need brings each image's dD/dx times its score's gradient, so a division gives
        # dD/dx (`test_input_grads_survive_a_discriminator_that_has_won`).
        scores.backward(d_score_grads)
        assert seen.grad is not None
        input_grads = seen.grad / d_score_grads[:, None, None, None]
    else:
        input_grads = input_grads_of(scores, seen)
        scores.backward(d_score_grads, inputs=list(players.discriminator.parameters()))
    if gamma > 0:
        add_penalty(players, images.detach(), input_grads, loss.penalty, gamma)
    return outcome, g_score_grads[:, None, None, None] * input_grads


def score_grads(loss: AdversarialLoss, scores: Tensor, models: int) -> tuple[Outcome, Tensor, Tensor]:
    """The losses at these scores (2N K,), real then fake, and the derivatives of both mean losses by each score.

    The derivatives of D's loss are kept off zero, where the input gradients could not be read from its gradient.
    """
    scores = scores.requires_grad_()
    real, fake = scores.chunk(2)
    d_loss, g_loss = loss.discriminator(real, fake), loss.generator(real, fake)
    images_of_model = len(real) // models  # images that a model's mean is taken over
    (d_score_grads,) = torch.autograd.grad(d_loss.sum() / images_of_model, scores, retain_graph=True)
    (g_score_grads,) = torch.autograd.grad(g_loss.sum() / images_of_model, scores)
    if loss.never_flat:
        d_score_grads = d_score_grads.abs().clamp(min=MIN_SCORE_GRAD)
        d_score_grads[: len(real)] *= -1  # real scores up, fake scores down
    g_score_grads[: len(real)] = 0  # G has no part in real images
    return Outcome(d_loss.detach(), g_loss.detach(), real.detach(), fake.detach()), d_score_grads, g_score_grads


def add_penalty(players: PlayersOf[Any], images: Tensor, input_grads: Tensor, centre: Centre, gamma: float) -> None:
    """Add the gradient of the mean penalty to that of D's weights; images, input_grads: of all that D sees.

    The one-centred penalty lies between each real image and a fake (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3).
    """
    real, fake = images.chunk(2)
    if centre == "one_centred":
        images = interpolates(real, fake, players.rng).requires_grad_()
        input_grads = input_grads_of(players.discriminator(images).float(), images)
    # The mean's divisor goes in with gamma, which is a double, so that float32 rounds once.
    direction = penalty_direction(input_grads, centre, gamma * players.models / len(real))
    add_penalty_gradient(players.discriminator, images, direction)


def zero_centred_penalty(real_grads: Tensor, fake_grads: Tensor, gamma: float) -> Tensor:
    """R1 on real images and R2 on fakes, (N,): Mescheder et al. 2018, arXiv:1801.04406, eq. 9.

    real_grads, fake_grads: float (N, C, H, W), dD/dx at the images.
    """
    r1, r2 = (input_grads.square().sum(dim=(1, 2, 3)) for input_grads in (real_grads, fake_grads))
    return (gamma / 2) * (r1 + r2)


def penalty_direction(input_grads: Tensor, centre: Centre, gamma: float) -> Tensor:
    """v = dp/dg, float (N, C, H, W): how a sum of penalties p changes with the input gradients g.

    That of the one-centred penalty gamma (||g|| - 1)^2 stands in closed form, finite where D is flat
    (`test_the_direction_is_the_derivative_of_the_penalty`).
    """
    input_grads = input_grads.detach()
    if centre == "one_centred":
        norms = torch.linalg.vector_norm(input_grads, dim=(1, 2, 3), keepdim=True)
        direction: Tensor = gamma * 2 * (1 - 1 / norms.clamp(min=MIN_SLOPE_NORM)) * input_grads
        return direction
    real_grads, fake_grads = input_grads.requires_grad_().chunk(2)
    penalty = zero_centred_penalty(real_grads, fake_grads, gamma)
    (direction,) = torch.autograd.grad(penalty.sum(), input_grads)
    return direction


def add_penalty_gradient(discriminator: nn.Module, images: Tensor, direction: Tensor) -> None:
    """Add the gradient of a penalty by D's weights to theirs; direction: of `penalty_direction`, at these images.

    A penalty depends on D's weights through g = dD/dx, so its gradient is that of <v, g> with v held fixed: the
    derivative of D along v, which forward mode computes (Pearlmutter 1994, "Fast exact multiplication by the Hessian"),
    and no double backward is needed (`test_the_gradient_is_that_of_double_backward`).
    """
    with forward_ad.dual_level():
        _, along = split_dual(discriminator(dual(images.detach(), direction)))
    assert along is not None
    torch.autograd.backward(along.float().sum())  # along (N,): D's derivative along each direction


def input_grads_of(scores: Tensor, images: Tensor) -> Tensor:
    """dD/dx of each image, float (N, C, H, W), of scores float (N,) that hang on `images`; the graph is kept."""
    (input_grads,) = torch.autograd.grad(scores.sum(), images, retain_graph=True)
    return input_grads


def interpolates(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """A random point on the line between each real image and its fake, (N, C, H, W) (Gulrajani et al. 2017, sec. 4)."""
    share = torch.rand((len(real), 1, 1, 1), generator=rng, device=real.device)
    return torch.lerp(fake, real, share)


def effective_gamma(gamma: float, architecture: Architecture, loss: AdversarialLoss) -> float:
    """Gamma of R1 and R2 grows with the number of pixels: a gradient's squared norm is a sum over them.

    Where the slope is held at 1 its size is given, whatever the number of pixels.
    """
    if loss.penalty == "one_centred":
        return gamma * LAMBDA_PER_GAMMA
    return gamma * architecture.height * architecture.width / REFERENCE_PIXELS


def draw_images(
    data: Tensor, sampling_weights: Tensor, count: int, rng: torch.Generator, offsets: Tensor | None = None
) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch; float (count, C, H, W) in [-1, 1].

    data: (N, C, H, W), bytes or float. sampling_weights: float64 (N,) of each image of `data`. For a stack float64 (K,
    most images of a model), and offsets: int64 (K, 1), where each model's images begin in `data`; then `count` of each
    model, in turns.
    """
    drawn = torch.multinomial(sampling_weights, count, replacement=True, generator=rng)
    return to_float(data[drawn if offsets is None else (offsets + drawn).T.flatten()])
