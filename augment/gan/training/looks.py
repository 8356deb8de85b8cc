"""The end of a turn: the augmentation adapts, samples are looked at, and the state is put by or given back."""

import torch
from torch import Tensor
from torch.func import functional_call

from augment.gan.training.adaptive_augmentation import next_probability, overfitting
from augment.gan.training.augmentation import Operation, operations
from augment.gan.training.augmentation_leaks import leaked
from augment.gan.training.checks import evenly, fault
from augment.gan.training.curve import ROWS
from augment.gan.training.run import Run, chances_of, draw
from augment.gan.training.state import copied, go_back, snapshot
from augment.gan.training.step import Game, GanSettings

MOST_ROLLBACKS = 2
SAMPLES = 64
SCORED = 64  # images of a kind that tell the overfitting
LEAKS_FROM = 0.7  # of the run: samples of a young G bear marks of their own, and lose them
REFERENCES = 256  # real images whose marks are counted


def end_turn(run: Run, samples: Tensor | None) -> None:
    """The augmentation adapts, samples of the average are looked at, and other images are hidden from D."""
    if run.job.settings.augmentation == "auto":
        adapt(run)
    look(run, samples)
    run.seen, run.unseen = chances_of(run.job, run.progress)


def adapt(run: Run) -> None:
    """Move the probability by how much D overfits the images that it saw in this turn."""
    if not run.unseen.any():
        return
    game, progress = run.game, run.progress
    z = torch.randn(SCORED, game.generator.architecture.latent, generator=game.rng, device=run.data.device)
    with torch.no_grad():
        fake = game.generator(z)
    known, unknown = (draw(run.data, chances, SCORED, game.rng) for chances in (run.seen, run.unseen))
    progress.probability = next_probability(progress.probability, overfitting(game.discriminator, known, unknown, fake))


def look(run: Run, samples: Tensor | None) -> None:
    """Put the state by when all is well, else return to the last good one, or give the run up.

    A fault costs an attempt, a leak its operation. samples: of the average, as `samples_of` gives them.
    """
    game, progress, settings = run.game, run.progress, run.job.settings
    reason = fault(game, progress.curve[-ROWS:], settings.loss, samples, run.data)
    if reason is not None and progress.attempt == MOST_ROLLBACKS:
        run.reason = f"{reason} at step {game.step}"
        return
    late = game.step >= LEAKS_FROM * settings.steps
    leaks = leaks_in(samples, run.data, settings) if late and reason is None else {}
    fresh = sorted(set(leaks) - set(progress.leaked))
    if reason is None and not fresh:
        progress.leaks = list(leaks.values())
        run.good = copied(snapshot(game, progress))
        return
    progress.attempt += reason is not None
    progress.leaked = [*progress.leaked, *fresh]
    why = reason or "; ".join(leaks[operation] for operation in fresh)
    progress.rollbacks = [*progress.rollbacks, f"step {game.step}: {why}"]
    go_back(game, progress, run.good, run.job.seed, settings.learning_rate)


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
    return leaked(samples, evenly(data, REFERENCES), operations(*data.shape[2:], color=settings.color_augmentation))
