"""What happens ten times in a run: samples are looked at, and the state is put by, or the run goes back to the last."""

from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from augment.gan.curve import ROWS
from augment.gan.diffaugment import DiffAugment, Operation
from augment.gan.guards import evenly, fault
from augment.gan.leaks import leaked
from augment.gan.state import Progress, copied, go_back, snapshot
from augment.gan.training import Game, GanSettings

MOST_ROLLBACKS = 2
SAMPLES = 64
LEAKS_FROM = 0.7  # of the run: samples of a young G bear marks of their own, and lose them
REFERENCES = 256  # real images whose marks are counted


def look(
    game: Game,
    progress: Progress,
    good: dict[str, Any],
    settings: GanSettings,
    seed: int,
    data: Tensor,
    samples: Tensor | None,
) -> tuple[dict[str, Any], str]:
    """Put the state by when all is well, else return to the last good one.

    A fault costs an attempt, a leak its operation. data: the training images, float (N, C, H, W); samples: of
    the average, as `samples_of` gives them. Returns the state that is good from now on, and a reason when
    the run is to be given up.
    """
    reason = fault(game, progress.curve[-ROWS:], settings.loss, samples, data)
    if reason is not None and progress.attempt == MOST_ROLLBACKS:
        return good, f"{reason} at step {game.step}"
    late = game.step >= LEAKS_FROM * settings.steps
    leaks = leaks_in(samples, data, settings) if late and reason is None else {}
    fresh = sorted(set(leaks) - set(progress.leaked))
    if reason is None and not fresh:
        progress.leaks = list(leaks.values())
        return copied(snapshot(game, progress)), ""
    progress.attempt += reason is not None
    progress.leaked = [*progress.leaked, *fresh]
    why = reason or "; ".join(leaks[operation] for operation in fresh)
    progress.rollbacks = [*progress.rollbacks, f"step {game.step}: {why}"]
    go_back(game, progress, good, seed, settings.learning_rate)
    return good, ""


def samples_of(game: Game) -> Tensor | None:
    """`SAMPLES` images of the average, float (N, C, H, W), under the statistics of this batch: its own are not settled.

    Of a stack as many of each member, in turns, from the same latents. None of a linear pair: its D sees means
    alone, so nothing asks its G for variety.
    """
    if game.generator.architecture.network == "linear":
        return None
    z = torch.randn(SAMPLES, game.generator.architecture.latent, generator=torch.Generator().manual_seed(0))
    z = z.repeat_interleave(game.members, dim=0)
    statistics = {name: buffer.clone() for name, buffer in game.average.named_buffers()}  # the average's stay its own
    with torch.no_grad():
        images: Tensor = functional_call(game.average, statistics, (z.to(game.rng.device),))
    return images.float()


def leaks_in(samples: Tensor | None, data: Tensor, settings: GanSettings) -> dict[Operation, str]:
    """What samples show of the operations that the settings allow for these images."""
    if samples is None or settings.augmentation == 0:
        return {}
    allowed = DiffAugment(1.0, settings.flips, settings.color_augmentation).operations(*data.shape[2:])
    return leaked(samples, evenly(data, REFERENCES), allowed)
