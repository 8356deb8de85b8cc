"""Super-resolution learnt on patches of the user's own images: absolute error, then a patch discriminator beside it.

    G descends  |G(s) - x|  +  adversarial * softplus(-(D(G(s)) - D(x))),    s = x shrunk,

D the relativistic loss with R1 and R2, by the same gradients as every GAN here (`training/step.py`). G's images are
projected on those that shrink to s before either sees them, so all of both players' work is on detail. One network
serves all classes: detail of what is plentiful is learnt for what is rare.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ArgumentError, DataError, TrainingError
from augment.core.progress import Progress
from augment.core.seeds import derive_seed, global_torch_rng, numpy_rng, torch_rng
from augment.data.arguments import flag_argument, short, size_argument, whole_number
from augment.data.decoding.fitting import resize
from augment.data.sizes import Size
from augment.gan.generators.arguments import images_argument
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_discriminator, to_float
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.players import PlayersOf, new_optimizer, update_average
from augment.gan.training.step import REFERENCE_PIXELS, gradients
from augment.gan.upscale.network import UpscalerNetwork, UpscalerShape
from augment.gan.upscale.projection import Projection
from augment.gan.upscale.upscaler import Upscaler

STEPS, WARM_UP = 1000, 300
ADVERSARIAL = 0.05  # weight of G's adversarial loss beside the absolute error in [-1, 1]
BATCH, PATCH_PX, MIN_SMALL_PX = 16, 64, 8  # patches of a step, their side, and the least of it once shrunk
LEARNING_RATE, GAMMA, PENALTY_EVERY, EMA_STD = 1e-3, 0.5, 4, 0.1
DISCRIMINATOR_FEATURES = 16
MAX_DOUBLINGS = 5
LOSS = adversarial_loss("relativistic")


UpscalePlayers = PlayersOf[UpscalerNetwork]  # a G that enlarges small images


def train_upscaler(
    originals: NDArray[np.uint8] | Tensor,
    size: int | Size,
    *,
    seed: int = 0,
    steps: int = STEPS,
    adversarial: float = ADVERSARIAL,
    progress: bool = True,
) -> Upscaler:
    """Learn to enlarge images of `size` to that of the originals; minutes of one core at the defaults.

    originals: uint8 (N, C, H, W), of all classes, and of training alone. size: pixels, or (height, width), of the
    small images; the originals' sides are at least one and a half times as long. adversarial: 0 leaves the absolute
    error alone. progress: tell on standard error how far it is. Equal arguments give equal weights.
    Raises TypeError, `ArgumentError` or `DataError` for what does not fit, `TrainingError` when training diverges.

    >>> import augment, torch
    >>> photos = torch.randint(0, 256, (12, 1, 32, 32), dtype=torch.uint8)
    >>> upscaler = augment.train_upscaler(photos, 16, steps=3, progress=False)
    >>> upscaler(photos[:, :, ::2, ::2], 32).shape
    torch.Size([12, 1, 32, 32])
    """
    images, small = _images_and_size(originals, size)
    seed, steps = whole_number("seed", seed, 0), whole_number("steps", steps, 1)
    weight, shown = number_argument("adversarial", adversarial), flag_argument("progress", progress)
    doublings = doublings_between(images.shape[2:], small)
    large = (small[0] << doublings, small[1] << doublings)
    data = np.stack([resize(image.transpose(1, 2, 0), *large).transpose(2, 0, 1) for image in images])
    patch = patch_side(large, doublings)
    players = new_players(UpscalerShape(images.shape[1], doublings), patch, seed)
    projection, rng = Projection.between((patch, patch), (patch >> doublings,) * 2), numpy_rng(seed, "patches")
    told, alone = Progress("upscaler, steps", steps, shown=shown), min(WARM_UP, steps // 3)
    for step in range(steps):
        real = to_float(torch.from_numpy(patches(data, patch, rng)))
        upscale_step(players, projection, real, weight if step >= alone else 0.0)
        update_average(players, EMA_STD)
        told.advance()
    if not all(bool(parameter.isfinite().all()) for parameter in players.average.parameters()):
        raise TrainingError("the upscaler diverged; train it with adversarial=0, or with another seed")
    return Upscaler(players.average.eval())


def upscale_step(players: UpscalePlayers, projection: Projection, real: Tensor, adversarial: float) -> None:
    """One update of both players, or of G alone by the absolute error where `adversarial` is 0; real: patches, float
    (N, C, P, P) in [-1, 1]."""
    small = projection.shrunk(real)
    made = projection(players.generator(small), small)
    error = (made - real).abs().mean()
    players.generator_optimizer.zero_grad(set_to_none=True)
    if adversarial == 0:
        torch.autograd.backward(error)
    else:
        images = torch.cat([real, made])
        gamma = GAMMA * real.shape[2] * real.shape[3] / REFERENCE_PIXELS * PENALTY_EVERY
        players.discriminator_optimizer.zero_grad(set_to_none=True)
        due = gamma if players.step % PENALTY_EVERY == 0 else 0.0
        _, g_input_grads = gradients(players, images.detach(), LOSS, due)
        players.discriminator_optimizer.step()
        torch.autograd.backward([images, error], [adversarial * g_input_grads, None])
    players.generator_optimizer.step()
    players.step += 1


def new_players(shape: UpscalerShape, patch: int, seed: int) -> UpscalePlayers:
    """Players before their first step; equal seeds give equal weights."""
    architecture = Architecture("residual", shape.channels, patch, patch, 1, DISCRIMINATOR_FEATURES)
    with global_torch_rng(derive_seed(seed, "upscaler")):
        generator, discriminator = UpscalerNetwork(shape), new_discriminator(architecture)
    average = UpscalerNetwork(shape)
    average.load_state_dict(generator.state_dict())
    optimizers = (new_optimizer(generator, LEARNING_RATE), new_optimizer(discriminator, LEARNING_RATE))
    return UpscalePlayers(
        generator, discriminator, average.requires_grad_(False), *optimizers, torch_rng(seed, "upscaler")
    )


def _images_and_size(originals: object, size: object) -> tuple[NDArray[np.uint8], Size]:
    """Images of at least one, and (height, width) of the small ones."""
    images, chosen = images_argument("originals", originals), size_argument(size)
    if not len(images):
        raise DataError("originals: no images; give those of the training set")
    return images, (chosen, chosen) if isinstance(chosen, int) else chosen


def number_argument(name: str, value: object) -> float:
    """A finite number, not negative. Raises TypeError for another kind, `ArgumentError` out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, got {short(value)}")
    if not (math.isfinite(value) and value >= 0):
        raise ArgumentError(f"{name} must be finite and not negative, got {short(value)}")
    return float(value)


def doublings_between(large: tuple[int, ...], small: Size) -> int:
    """Of the smaller factor between both, the nearest power of two, 5 at most. Raises `ArgumentError` below 1."""
    factor = min(large[0] / small[0], large[1] / small[1])
    doublings = min(MAX_DOUBLINGS, round(math.log2(factor)))
    if doublings < 1:
        found = f"originals are {large[0]} x {large[1]}, small images {small[0]} x {small[1]}"
        raise ArgumentError(f"{found}: there is next to nothing to enlarge; originals must be 1.5 times as long a side")
    return doublings


def patch_side(large: Size, doublings: int) -> int:
    """64 px, or as many as 8 px of a small image become; no more than an image has."""
    wanted = max(PATCH_PX, MIN_SMALL_PX << doublings)
    return min(wanted, *((side >> doublings) << doublings for side in large))


def patches(data: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A batch of squares, uint8 (BATCH, C, side, side), each from a random place of a random image."""
    images, rows, columns = (
        rng.integers(most, size=BATCH) for most in (len(data), data.shape[2] - side + 1, data.shape[3] - side + 1)
    )
    places = zip(images.tolist(), rows.tolist(), columns.tolist(), strict=True)
    return np.stack([data[image, :, row : row + side, column : column + side] for image, row, column in places])
