"""The step of both players, as the papers write it. What a run is stands in `run.py`, its loop in `trainer.py`.

Players may be a stack of K pairs (`stack.py`): batches then hold the models' images in turns
(`networks/layers.py`), and since every score hangs on one image and one model's weights, the sum over models of
their mean losses has each model's own gradient.

A penalty p depends on D's weights through the slope g = dD/dx of each image, so its gradient is that
of <v, g> with v = dp/dg held fixed: the derivative of D along v, which forward mode computes
(Pearlmutter 1994, "Fast exact multiplication by the Hessian"). So ordinary convolutions suffice.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.autograd import forward_ad

from augment.gan.networks.build import Architecture, Discriminator
from augment.gan.networks.layers import dual, split_dual
from augment.gan.training.augmentation import Augment
from augment.gan.training.losses import AdversarialLoss, adversarial_loss
from augment.gan.training.players import Players, update_average
from augment.gan.training.run import GanSettings

REFERENCE_PIXELS = 32 * 32
MIN_SCORE_GRAD = 1e-30  # far below any derivative that moves a weight
LAMBDA_PER_GAMMA = 20.0  # the default gamma of 0.5 is then lambda = 10 of Gulrajani et al. 2017
MIN_SLOPE_NORM = 1e-12  # a flat D has slopes of length 0, and no direction in which to steepen
Centre = Literal["zero_centred", "one_centred"]


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
    """One step of both players. Returns float64 (K, 4), each model's losses, win rate and logit margin, unawaited.

    sampling_weights, offsets: as `draw_images` takes them.
    """
    loss, models = adversarial_loss(settings.loss), players.models
    lazy = players.step % settings.penalty_every == 0
    gamma = (
        effective_gamma(settings.gamma, players.generator.architecture, loss) * settings.penalty_every if lazy else 0.0
    )
    real = draw_images(data, sampling_weights, settings.batch_size, players.rng, offsets)
    z = torch.randn(settings.batch_size * models, settings.latent, generator=players.rng, device=data.device)
    with torch.autocast(data.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        seen = adversarial_step(players, real, z, loss=loss, augment=augment, gamma=gamma)
    torch.clear_autocast_cache()  # an autocast around this one would keep the weights of the first step for all
    players.step += 1
    update_average(players, settings.ema_std)
    logit_margin = seen.real_scores - seen.fake_scores
    step_metrics = torch.stack([seen.d_loss, seen.g_loss, (logit_margin > 0).float(), logit_margin])  # (4, N K)
    return step_metrics.view(4, -1, models).mean(dim=1).T.double()


def draw_images(
    data: Tensor, sampling_weights: Tensor, count: int, rng: torch.Generator, offsets: Tensor | None = None
) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch.

    chances: float64 (N,) of each image of `data`. For a stack float64 (K, most images of a model), and
    first: int64 (K, 1), where each model's images begin in `data`; then `count` of each model, in turns.
    """
    drawn = torch.multinomial(sampling_weights, count, replacement=True, generator=rng)
    return data[drawn if offsets is None else (offsets + drawn).T.flatten()]


def adversarial_step(
    players: Players, real: Tensor, z: Tensor, *, loss: AdversarialLoss, augment: Augment, gamma: float
) -> Outcome:
    """One update of both players from one pass of D (Shen et al. 2021, arXiv:2103.00430).

    real: float (N K, C, H, W) in [-1, 1]; z: float (N K, latent). D scores every image by itself, so the
    slope dD/dx of each image times the derivative of a player's loss by its score is that player's
    gradient: D descends its loss, weighted gamma for its penalty (0 leaves it out), and G its own,
    both on D as it stood before the step.
    """
    images = augment(torch.cat([real, players.generator(z).float()]), players.rng)  # (2N K, C, H, W), hang on G's graph
    players.discriminator_optimizer.zero_grad(set_to_none=True)
    outcome, g_input_grads = gradients(players, images.detach(), loss, gamma)
    players.discriminator_optimizer.step()
    players.generator_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(images, g_input_grads)
    players.generator_optimizer.step()
    return outcome


def gradients(players: Players, images: Tensor, loss: AdversarialLoss, gamma: float) -> tuple[Outcome, Tensor]:
    """Put the gradient of D's mean loss and penalty into D's weights; return that of G's mean loss by the images.

    images: float (2N K, C, H, W), N K real ones, then as many of G's, as D sees them.
    """
    seen = images.requires_grad_()
    scores = players.discriminator(seen).float()  # (2N K,)
    outcome, d_score_grads, g_score_grads = score_grads(loss, scores.detach(), players.models)
    if (
        loss.never_flat
    ):  # one backward pass gives the weights' gradient and, divided by the score grads, the input grads
        scores.backward(d_score_grads)
        assert seen.grad is not None
        input_grads = seen.grad / d_score_grads[:, None, None, None]
    else:
        input_grads = input_grads_of(scores, seen)
        scores.backward(d_score_grads, inputs=list(players.discriminator.parameters()))
    if gamma > 0:
        add_penalty(players, images.detach(), input_grads, loss, gamma)
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
    outcome = Outcome(d_loss.detach(), g_loss.detach(), real.detach(), fake.detach())
    if loss.never_flat:
        d_score_grads = d_score_grads.abs().clamp(min=MIN_SCORE_GRAD)
        # real scores up, fake scores down
        d_score_grads = torch.cat([-d_score_grads[: len(real)], d_score_grads[len(real) :]])
    g_score_grads[: len(real)] = 0  # G has no part in real images
    return outcome, d_score_grads, g_score_grads


def add_penalty(players: Players, images: Tensor, input_grads: Tensor, loss: AdversarialLoss, gamma: float) -> None:
    """Add the gradient of the loss's penalty at the images that D sees.

    Zero-centred: gamma/2 (R1 + R2) (arXiv:2501.05441, eq. 2 and section 2.2). One-centred: gamma times
    the penalty between each real image and a fake (arXiv:1704.00028, eq. 3).
    """
    real, fake = images.chunk(2)
    if loss.penalty == "one_centred":
        images = interpolates(real, fake, players.rng).requires_grad_()
        input_grads = input_grads_of(players.discriminator(images).float(), images)
    add_penalty_gradient(players.discriminator, images, input_grads, loss.penalty, gamma * players.models / len(real))


def add_penalty_gradient(
    discriminator: Discriminator, images: Tensor, input_grads: Tensor, centre: Centre, weight: float
) -> None:
    """Add to the gradient of D's weights that of the weighted sum of the images' penalties.

    zero_centred: 1/2 ||dD/dx||^2, R1 on real images, R2 on fakes (Mescheder et al. 2018, arXiv:1801.04406,
    eq. 9). one_centred: (||dD/dx|| - 1)^2 (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3, second part).
    images, input_grads: float (N, C, H, W), dD/dx at the images.
    """
    if centre == "zero_centred":
        direction = weight * input_grads
    else:
        norms = torch.linalg.vector_norm(input_grads, dim=(1, 2, 3), keepdim=True)
        direction = weight * 2 * (1 - 1 / norms.clamp(min=MIN_SLOPE_NORM)) * input_grads
    with forward_ad.dual_level():
        _, along = split_dual(discriminator(dual(images.detach(), direction.detach())))
    assert along is not None
    torch.autograd.backward(along.float().sum())  # along (N,): D's derivative along each direction


def input_grads_of(scores: Tensor, images: Tensor) -> Tensor:
    """dD/dx of each image, float (N, C, H, W), of scores float (N,) that hang on `images`; the graph is kept."""
    (input_grads,) = torch.autograd.grad(scores.sum(), images, retain_graph=True)
    return input_grads


def interpolates(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """A random point on the line between each real image and its fake, (N, C, H, W) (Gulrajani et al. 2017, sec. 4)."""
    share = torch.rand((len(real), 1, 1, 1), generator=rng, device=real.device)
    between: Tensor = torch.lerp(fake, real, share)
    return between


def effective_gamma(gamma: float, architecture: Architecture, loss: AdversarialLoss) -> float:
    """Gamma of R1 and R2 grows with the number of pixels: a gradient's squared norm is a sum over them.

    Where the slope is held at 1 its size is given, whatever the number of pixels.
    """
    if loss.penalty == "one_centred":
        return gamma * LAMBDA_PER_GAMMA
    return gamma * architecture.height * architecture.width / REFERENCE_PIXELS
