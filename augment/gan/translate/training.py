"""Translators learnt: by regression on all classes' plain samples, then on those of one class, then against its D.

    R descends  regression + softplus(-(D(sample) - D(x))) + diversity,    sample = good image + mask x change,

D the relativistic loss with R1 and R2, by the same gradients as every GAN here (`training/step.py`), its inputs
augmented alike. Regression is on defects as they are, at their codes; what plays against D are mixtures of codes, on
good images and at places that are drawn. Diversity asks two samples of one good image at one place, of different z, to
differ as two defects do (mode seeking, Mao et al. 2019, arXiv:1903.05628, here as a hinge).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from augment.core.errors import TrainingError
from augment.core.seeds import derive_seed, global_torch_rng, torch_rng
from augment.gan.networks.build import new_discriminator, to_float
from augment.gan.training.adaptive_augmentation import initial_probability
from augment.gan.training.augmentation import DiffAugment
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.players import PlayersOf, new_optimizer, update_average
from augment.gan.training.run import GanSettings
from augment.gan.training.step import draw_images, effective_gamma, gradients
from augment.gan.translate.guards import diversity, fault, usual_difference
from augment.gan.translate.lessons import Batch, Lessons, batch_of, joined, shape_of
from augment.gan.translate.network import TranslatorNetwork, random_codes, translated

BATCH, LEARNING_RATE, ADAM_BETAS = 32, 3e-3, (0.9, 0.99)  # of regression, where momentum halves the error
CLASS_SHARE, PLAY_SHARE = 0.25, 0.5  # of the steps of the class's GAN: of regression, and of the play against D
INTERVALS = 5  # of the play against D, at whose ends it is checked
AROUND_WEIGHT = 0.1  # of errors outside of masks, beside those under them
MIN_DIFFERING = 0.35  # of what two defects differ by, in two samples: less costs; at 0.6 it draws specks to differ

TranslatorPlayers = PlayersOf[TranslatorNetwork]


@dataclass(frozen=True)
class TranslatorResult:
    """network: of the class, in eval mode; diversity: how far its samples of different z differ, as a share of what its
    defects do; ended: why the play against D ended early, empty where it did not."""

    network: TranslatorNetwork
    diversity: float
    ended: str


def shared_start(every: Sequence[Lessons], settings: GanSettings, seed: int) -> TranslatorNetwork:
    """One network that draws the defects of all classes, by as many steps as a GAN of `settings` takes; every: of at
    least one class, all of one size."""
    codes = [lessons.codes(seed) for lessons in every]
    with global_torch_rng(derive_seed(seed, "translator")):
        network = TranslatorNetwork(shape_of(every))
    network.codes.copy_(torch.cat(codes))
    rng, optimizer = torch_rng(seed, "translator", "shared"), _regression_optimizer(network)
    for step in range(settings.steps):
        taken = [(step * BATCH + at) % len(every) for at in range(BATCH)]
        batch = joined(
            [_drawn(lessons, codes[at], taken.count(at), rng) for at, lessons in enumerate(every) if at in taken]
        )
        _regress(network, optimizer, batch, settings, 1 - step / settings.steps)
    return network


def class_translator(lessons: Lessons, start: TranslatorNetwork, settings: GanSettings, seed: int) -> TranslatorResult:
    """Learn one class from a shared start; settings: of the class's GAN. D is a fresh one: as good as that of the GAN
    (docs/decisions.md), and there where the GAN failed.

    What a guard finds ends the play at the last interval that was well. Raises `TrainingError` where none was.
    """
    players = _players(lessons, start, settings, seed)
    optimizer = _regression_optimizer(players.generator)
    steps = max(1, round(CLASS_SHARE * settings.steps))
    for step in range(steps):
        batch = _drawn(lessons, players.generator.codes, BATCH, players.rng)
        _regress(players.generator, optimizer, batch, settings, 1 - step / steps)
    players.average.load_state_dict(players.generator.state_dict())
    if reason := fault(players, lessons, 0.0):
        raise TrainingError(f"{lessons.label}: the translator learnt nothing: {reason}")
    good, ended = _played(players, lessons, settings)
    good = good.requires_grad_(False).eval()
    return TranslatorResult(good, diversity(good, lessons), ended)


def _played(players: TranslatorPlayers, lessons: Lessons, settings: GanSettings) -> tuple[TranslatorNetwork, str]:
    """The average after the play against D, or after the last interval that was well, and what ended it then."""
    real, usual = to_float(torch.from_numpy(lessons.images)), usual_difference(lessons)
    probability = initial_probability(settings.augmentation, len(real))
    augment = DiffAugment(probability, settings.flips, settings.color_augmentation)
    interval = max(1, round(PLAY_SHARE * settings.steps / INTERVALS))
    good = copy.deepcopy(players.average)
    for _ in range(INTERVALS):
        margins = [play_step(players, lessons, real, settings, augment, usual) for _ in range(interval)]
        if reason := fault(players, lessons, float(torch.stack(margins).mean())):
            return good, f"step {players.step}: {reason}"
        good = copy.deepcopy(players.average)
    return good, ""


def play_step(
    players: TranslatorPlayers,
    lessons: Lessons,
    real: Tensor,
    settings: GanSettings,
    augment: DiffAugment,
    usual: float,
) -> Tensor:
    """One update of both players and of the average; returns the logit margin. real: float (n, C, H, W), of the class;
    usual: `usual_difference`."""
    network, rng, loss = players.generator, players.rng, adversarial_loss(settings.loss)
    gamma = effective_gamma(settings.gamma, settings.architecture(*real.shape[1:]), loss) * settings.penalty_every
    half = max(1, settings.batch_size // 2)
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
        batch = _drawn(lessons, network.codes, half, rng)
        first, second = (
            translated(network, batch.good, random_codes(network.codes, half, rng), batch.place) for _ in range(2)
        )
        shown = draw_images(real, torch.full((len(real),), 1 / len(real), dtype=torch.float64), 2 * half, rng)
        images = augment(torch.cat([shown, first.float(), second.float()]), rng)
        players.discriminator_optimizer.zero_grad(set_to_none=True)
        due = gamma if players.step % settings.penalty_every == 0 else 0.0
        outcome, g_input_grads = gradients(players, images.detach(), loss, due)
        players.discriminator_optimizer.step()
        alike = (MIN_DIFFERING - (first - second).abs().mean() / usual).clamp(min=0)
        wrong = regression_loss(network, batch) + alike
    players.generator_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward([images, wrong], [g_input_grads, None])
    players.generator_optimizer.step()
    torch.clear_autocast_cache()
    players.step += 1
    update_average(players, settings.ema_std)
    return (outcome.real_scores - outcome.fake_scores).mean()


def regression_loss(network: TranslatorNetwork, batch: Batch) -> Tensor:
    """Mean absolute error of what is added and of the mask, under masks and, with less weight, around them."""
    change, mask = network(batch.good, batch.z, batch.place)
    weight = batch.mask + AROUND_WEIGHT
    off = (mask * change - batch.change).abs().mean(dim=1, keepdim=True) + (mask - batch.mask).abs()
    loss: Tensor = (weight * off).sum() / weight.sum()
    return loss


def _regression_optimizer(network: TranslatorNetwork) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), LEARNING_RATE, ADAM_BETAS, fused=True)


def _regress(
    network: TranslatorNetwork, optimizer: torch.optim.Adam, batch: Batch, settings: GanSettings, share: float
) -> None:
    """One step of regression; share: of the learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = LEARNING_RATE * share
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
        loss = regression_loss(network, batch)
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimizer.step()
    torch.clear_autocast_cache()


def _players(lessons: Lessons, start: TranslatorNetwork, settings: GanSettings, seed: int) -> TranslatorPlayers:
    """Players before their first step; equal seeds give equal weights."""
    codes, shape = lessons.codes(seed), shape_of([lessons])
    weights = {**start.state_dict(), "codes": codes, "places": torch.from_numpy(lessons.place)}
    with global_torch_rng(derive_seed(seed, "translator", lessons.label)):
        generator, average = TranslatorNetwork(shape), TranslatorNetwork(shape)
        against = new_discriminator(settings.architecture(*lessons.good.shape[1:]))
    for network in (generator, average):
        network.load_state_dict(weights)
    optimizers = new_optimizer(generator, settings.learning_rate), new_optimizer(against, settings.learning_rate)
    rng = torch_rng(seed, "translator", "class", lessons.label)
    return TranslatorPlayers(generator, against, average.requires_grad_(False), *optimizers, rng)


def _drawn(lessons: Lessons, codes: Tensor, count: int, rng: torch.Generator) -> Batch:
    return batch_of(lessons, codes, torch.randint(len(lessons.which), (count,), generator=rng))
