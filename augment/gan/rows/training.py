"""Train the GANs of a set of rows: one of all classes, then a copy of it for each, with the guards that images have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from augment.core.errors import TrainingError
from augment.core.seeds import derive_seed, global_torch_rng, numpy_rng, torch_rng
from augment.data.rows.encoding import Encoded, Encoding
from augment.data.rows.rowset import RowSet
from augment.gan.rows.network import RowDiscriminator, RowGeneratorNetwork, RowShape, start_at_gaussian
from augment.gan.rows.settings import RowSettings
from augment.gan.training.checks import find_fault
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.players import (
    PlayersOf,
    RunProgress,
    deep_copy,
    new_optimizer,
    roll_back,
    snapshot,
    update_average,
)
from augment.gan.training.run import INTERVAL_ROWS, append_history, is_interval_end
from augment.gan.training.step import LAMBDA_PER_GAMMA, adversarial_step
from augment.gan.training.trainer import CHECKED_SAMPLES, MAX_ROLLBACKS

SPREADS = 8  # times that each row is spread anew over the pieces that its numbers own
REFERENCE_WIDTH = 64  # numbers of an encoded row at which gamma is what params.yaml says
SHRINK_ROWS = 2.0  # of a covariance: as many rows of independent numbers stand beside each number's own
LEVEL_ROWS = 1.0  # of a category: as many rows of the whole set stand beside those of the class

RowPlayers = PlayersOf[RowGeneratorNetwork]


@dataclass(frozen=True)
class TrainedRows:
    """generators: label -> the average of G's weights; failed: label -> why there is none; history: label -> rows of
    `HISTORY_COLUMNS`; rollbacks: label -> what was rolled back."""

    generators: Mapping[str, RowGeneratorNetwork]
    failed: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    rollbacks: Mapping[str, Sequence[str]] = field(default_factory=dict)


def train_rows(rows: RowSet, encoding: Encoding, settings: RowSettings, seed: int) -> TrainedRows:
    """One GAN for each class of these rows, which alone are seen. Equal arguments give equal weights.

    encoding: of these rows. A class whose GAN fails is named with its reason; the others go on.
    """
    shape = RowShape(encoding.numeric, encoding.sizes, settings.hidden, settings.latent)
    rng = numpy_rng(seed, "spread")
    spread = {label: encoded_often(encoding, rows.of_class(label), rng) for label in rows.classes}
    centres = {label: data[:, : shape.numeric].mean(axis=0) for label, data in spread.items()}
    for label, data in spread.items():
        data[:, : shape.numeric] -= centres[label]
    every = torch.from_numpy(np.concatenate(list(spread.values())))
    start = new_players(shape, every, settings, derive_seed(seed, "rows"))
    if settings.shared_steps:
        once = torch.from_numpy(np.concatenate([each_once(data) for data in spread.values()]))
        fault = fit(start, every, once, settings, settings.shared_steps, RunProgress(0.0), seed)
        if fault:
            raise TrainingError(f"the shared GAN failed: {fault}. Lower train.learning_rate or change train.gamma.")
    made, failed, history, rollbacks = {}, {}, {}, {}
    for label, data in spread.items():
        own, progress = copied(start, settings, derive_seed(seed, "rows", label)), RunProgress(0.0)
        set_shares(own, data, every)
        drawn, once = torch.from_numpy(data), torch.from_numpy(each_once(data))
        reason = fit(own, drawn, once, settings, settings.steps[label], progress, derive_seed(seed, label))
        history[label], rollbacks[label] = progress.history, progress.rollbacks
        if reason:
            failed[label] = reason
            continue
        own.average.centre.copy_(torch.from_numpy(centres[label]))
        made[label] = own.average.eval().requires_grad_(False)
    return TrainedRows(made, failed, history, rollbacks)


def encoded_often(encoding: Encoding, rows: RowSet, rng: np.random.Generator) -> Encoded:
    """Each row `SPREADS` times, float32 (N SPREADS, width)."""
    return np.concatenate([encoding.encode(rows.values, rng) for _ in range(SPREADS)])


def each_once(spread: Encoded) -> Encoded:
    """Of rows that stand there `SPREADS` times each of them once."""
    return spread[: len(spread) // SPREADS]


def new_players(shape: RowShape, data: Tensor, settings: RowSettings, seed: int) -> RowPlayers:
    """Players that begin at the Gaussian of these rows, float (N, width), and at their shares of levels."""
    with global_torch_rng(seed):
        generator, discriminator = RowGeneratorNetwork(shape), RowDiscriminator(shape)
    count = len(data) / SPREADS
    numbers = data[:, : shape.numeric].double()
    covariance = numbers.T @ numbers / len(data)
    off = count / (count + SHRINK_ROWS * shape.numeric)
    shrunk = off * covariance + (1 - off) * torch.diag(covariance.diagonal())
    start_at_gaussian(generator, shrunk, level_shares(shape, data, data))
    return players_of(generator, discriminator, settings, seed)


def players_of(
    generator: RowGeneratorNetwork, discriminator: RowDiscriminator, settings: RowSettings, seed: int
) -> RowPlayers:
    average = RowGeneratorNetwork(generator.shape)
    average.load_state_dict(generator.state_dict())
    optimizers = (
        new_optimizer(generator, settings.learning_rate),
        new_optimizer(discriminator, settings.learning_rate),
    )
    return RowPlayers(generator, discriminator, average.requires_grad_(False), *optimizers, torch_rng(seed, "noise"))


def copied(start: RowPlayers, settings: RowSettings, seed: int) -> RowPlayers:
    """Players of a class: the average of the shared G, and the shared D, as both stand."""
    shape = start.average.shape
    generator, discriminator = RowGeneratorNetwork(shape), RowDiscriminator(shape)
    generator.load_state_dict(start.average.state_dict())
    discriminator.load_state_dict(start.discriminator.state_dict())
    return players_of(generator, discriminator, settings, seed)


def level_shares(shape: RowShape, data: Tensor, every: Tensor) -> Tensor:
    """Shares of levels of the rows of a class, with `LEVEL_ROWS` rows of the whole set beside, each above 0."""
    count, levels = len(data) / SPREADS, slice(shape.numeric, None)
    general = (every[:, levels].mean(dim=0) * len(every) / SPREADS + 1) / (len(every) / SPREADS + 2)
    return (data[:, levels].mean(dim=0) * count + LEVEL_ROWS * general) / (count + LEVEL_ROWS)


@torch.no_grad()
def set_shares(players: RowPlayers, data: Encoded, every: Tensor) -> None:
    """Move the logits of a copied generator from the shares of all rows to those of the class."""
    own = torch.from_numpy(data)
    shape = players.generator.shape
    change = level_shares(shape, own, every).log() - level_shares(shape, every, every).log()
    for network in (players.generator, players.average):
        network.logits.bias.add_(change)


def fit(
    players: RowPlayers,
    data: Tensor,
    once: Tensor,
    settings: RowSettings,
    steps: int,
    progress: RunProgress,
    seed: int,
) -> str | None:
    """Train for so many steps; data: float (N, width), relative to the mean of the class; once: each of its rows a
    single time, by which samples are judged. Returns why it failed.

    At the end of each interval samples are checked as those of images are: a fault rolls back to the last good state,
    with half the learning rate, twice at most.
    """
    real, known = data[:, :, None, None], once[:, :, None, None]
    good, pending = deep_copy(snapshot(players, progress)), list[list[float]]()
    while players.step < steps:
        pending.append(one_step(players, real, settings))
        if not is_interval_end(players.step, steps):
            continue
        append_history(progress, players.step - len(pending), pending, steps)
        pending.clear()
        fault = find_fault(players, progress.history[-INTERVAL_ROWS:], settings.loss, checked(players), known)
        if fault is None:
            good = deep_copy(snapshot(players, progress))
        elif progress.attempt == MAX_ROLLBACKS:
            return f"{fault} at step {players.step}"
        else:
            progress.attempt += 1
            progress.rollbacks = [*progress.rollbacks, f"step {players.step}: {fault}"]
            roll_back(players, progress, good, seed, settings.learning_rate)
    return None


def one_step(players: RowPlayers, real: Tensor, settings: RowSettings) -> list[float]:
    """Draw a batch, update both players and the average: losses, win rate, logit margin."""
    loss, shape = adversarial_loss(settings.loss), players.generator.shape
    scale = LAMBDA_PER_GAMMA if loss.penalty == "one_centred" else shape.width / REFERENCE_WIDTH
    due = players.step % settings.penalty_every == 0
    gamma = settings.gamma * scale * settings.penalty_every if due else 0.0
    batch = real[torch.randint(len(real), (settings.batch_size,), generator=players.rng)]
    z = torch.randn(settings.batch_size, shape.noise, generator=players.rng)
    outcome = adversarial_step(players, batch, z, loss=loss, augment=lambda rows, _: rows, gamma=gamma)
    players.step += 1
    update_average(players, settings.ema_std)
    margin = outcome.real_scores - outcome.fake_scores
    found = torch.stack([outcome.d_loss, outcome.g_loss, (margin > 0).float(), margin])
    values: list[float] = found.mean(dim=1).tolist()
    return values


@torch.no_grad()
def checked(players: RowPlayers) -> Tensor:
    """Rows of the average, float (64, width, 1, 1), from latents that are always the same."""
    rng = torch.Generator().manual_seed(0)
    made: Tensor = players.average(torch.randn(CHECKED_SAMPLES, players.average.shape.noise, generator=rng))
    return made
