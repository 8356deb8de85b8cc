"""What a translator must not become: one that draws no defects, or always the same."""

from typing import Any

import torch
from torch import Tensor

from augment.gan.training.checks import MAX_LOGIT_MARGIN, discriminator_won, not_finite
from augment.gan.training.players import PlayersOf
from augment.gan.translate.lessons import Lessons, batch_of
from augment.gan.translate.network import TranslatorNetwork, random_codes, translated

MIN_DIVERSITY = 0.2  # of two defects' difference, in samples of different z, which lie between them
MAX_ERROR = 0.8  # of what a defect changes under its mask: with more it is not learnt
CHECKED = 64  # samples, at most as many as there are to learn from


def fault(players: PlayersOf[Any], lessons: Lessons, logit_margin: float) -> str:
    """What is wrong with the average of R, in words; empty where all is well."""
    network: TranslatorNetwork = players.average
    found = not_finite(players, [logit_margin]) or discriminator_won(logit_margin, MAX_LOGIT_MARGIN)
    if found:
        return found
    if (error := unlearnt(network, lessons)) > MAX_ERROR:
        return f"it misses its defects (by {error:.2f} of what they change, at most {MAX_ERROR})"
    if (differing := diversity(network, lessons)) < MIN_DIVERSITY:
        return f"collapsed (samples differ {differing:.2f} times as much as defects, at least {MIN_DIVERSITY})"
    return ""


@torch.no_grad()
def unlearnt(network: TranslatorNetwork, lessons: Lessons) -> float:
    """How far it is from its defects under their masks, at their codes: a share of what they change."""
    rows = _rows(lessons)
    batch = batch_of(lessons, network.codes, rows)
    change, mask = network(batch.good, batch.z, batch.place)
    off = (batch.mask * (mask * change - batch.change)).abs().mean()
    return float(off / (batch.mask * batch.change).abs().mean().clamp(min=1e-9))


@torch.no_grad()
def diversity(network: TranslatorNetwork, lessons: Lessons) -> float:
    """How far samples of one good image at one place differ with z: a share of what the class's defects differ by."""
    rows, codes = _rows(lessons), network.codes
    batch = batch_of(lessons, codes, rows)
    rng = torch.Generator().manual_seed(0)
    first, second = (random_codes(codes, len(rows), rng) for _ in range(2))
    one, other = (translated(network, batch.good, z, batch.place) for z in (first, second))
    return float((one - other).abs().mean()) / usual_difference(lessons)


def usual_difference(lessons: Lessons) -> float:
    """Mean absolute difference of two of the class's defects, of values in [-1, 1]; two drawn anew may be one."""
    changes = 2 * lessons.changes.flatten(1)
    sums = torch.stack([(changes - one).abs().mean() for one in changes])
    return max(1e-9, float(sums.mean()))


def _rows(lessons: Lessons) -> Tensor:
    return torch.arange(min(CHECKED, len(lessons.which)))
