"""The plain way to train one GAN per class, to be measured against: as PyTorch's DCGAN example is written.

One class after the other, fp32, torch's default threads; D sees real and generated images apart, G's
images a second time for G, and a penalty is differentiated twice.
"""

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.optim import Adam

from augment.gan.networks.build import Generator, build
from augment.gan.training.adaptive_augmentation import initial_probability
from augment.gan.training.augmentation import DiffAugment
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.step import GanSettings, effective_gamma


def train_plainly(
    images: Tensor,
    settings: GanSettings,
    seed: int,
    *,
    betas: tuple[float, float],
    look_at: Sequence[int] = (),
    look: Callable[[Generator, int, float], None] = lambda generator, step, seconds: None,
) -> float:
    """Train one class for `settings.steps`. Returns seconds without the looking.

    images: float (N, C, H, W) in [-1, 1], on the device to train on. look is called with the generator, the
    step and the seconds so far at each step of `look_at`.
    """
    architecture = settings.architecture(*images.shape[1:])
    generator, discriminator = build(architecture, seed)
    generator, discriminator = generator.to(images.device), discriminator.to(images.device)
    g_optimizer = Adam(generator.parameters(), settings.learning_rate, betas)
    d_optimizer = Adam(discriminator.parameters(), settings.learning_rate, betas)
    loss = adversarial_loss(settings.loss)
    probability = initial_probability(settings.augmentation, len(images))
    augment = DiffAugment(probability, settings.flips, settings.color_augmentation)
    gamma = effective_gamma(settings.gamma, architecture, loss) * settings.penalty_every
    device = images.device
    rng = torch.Generator(device).manual_seed(seed)
    seconds = 0.0
    for step in range(1, settings.steps + 1):
        began = time.perf_counter()
        real = images[torch.randint(len(images), (settings.batch_size,), generator=rng, device=device)]
        fake = generator(torch.randn(settings.batch_size, settings.latent, generator=rng, device=device))

        d_optimizer.zero_grad()
        seen_real = augment(real, rng).requires_grad_()
        seen_fake = augment(fake.detach(), rng).requires_grad_()
        on_real, on_fake = discriminator(seen_real), discriminator(seen_fake)
        objective = loss.discriminator(on_real, on_fake).mean()
        if gamma > 0 and step % settings.penalty_every == 0:
            for scores, seen in ((on_real, seen_real), (on_fake, seen_fake)):
                (input_grads,) = torch.autograd.grad(scores.sum(), seen, create_graph=True)
                objective = objective + gamma / 2 * input_grads.square().sum(dim=(1, 2, 3)).mean()
        objective.backward()  # type: ignore[no-untyped-call]
        d_optimizer.step()

        g_optimizer.zero_grad()
        on_fake = discriminator(augment(fake, rng))
        loss.generator(on_real.detach(), on_fake).mean().backward()  # type: ignore[no-untyped-call]
        g_optimizer.step()
        seconds += time.perf_counter() - began
        if step in look_at:
            look(generator, step, seconds)
    return seconds
