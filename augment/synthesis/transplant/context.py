"""Where a defect may stand: at places of good images that look as its own surroundings do without it."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.synthesis.transplant.patches import Bank

LENDER_SHARE = 0.15  # of the good images: those with the nearest places


def fitting_places(twin: Tensor, mask: Tensor, bank: Bank, mirrors: Sequence[tuple[int, int]]) -> Tensor:
    """Rows (n, 5): good image, shift across and down (half sides), mirror across and down, of the places that fit best,
    one at most of each good image. twin (C, H, W) of the defective image, mask (1, H, W); mirrors: those allowed."""
    found = []
    for across, down in mirrors:
        flipped = [axis for axis, side in ((1, down), (2, across)) if side < 0]
        mirrored, here = twin.flip(flipped), mask.flip(flipped)[0]
        top, left = _start(here.sum(dim=1), bank.side), _start(here.sum(dim=0), bank.side)
        window = mirrored[:, top : top + bank.side, left : left + bank.side]
        cells = F.avg_pool2d(window[None], bank.cell).flatten()
        distance = (bank.values - cells).square().sum(dim=1)
        sides = torch.tensor([across, down]).expand(len(distance), 2)
        shift = [2 * (bank.left - left) / twin.shape[2], 2 * (bank.top - top) / twin.shape[1]]
        place = [distance, bank.image, *shift, sides[:, 0], sides[:, 1]]
        found.append(torch.stack(place, dim=1))
    places = torch.cat(found)
    places = places[places[:, 0].argsort(stable=True)]
    number, first = int(bank.image.max()) + 1, torch.full((int(bank.image.max()) + 1,), len(places))
    first = first.scatter_reduce(0, places[:, 1].long(), torch.arange(len(places)), "amin")
    return places[first.sort().values[: max(1, int(LENDER_SHARE * number))], 1:]


def _start(profile: Tensor, side: int) -> int:
    """Of the window of that side around the centre of what the profile weighs, within the image."""
    centre = (profile * torch.arange(len(profile))).sum() / profile.sum().clamp(min=1e-9)
    return int((centre - side / 2).round().clamp(0, len(profile) - side))
