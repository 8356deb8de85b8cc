"""A reader: a classifier of real images that says which words it finds in one, and so helps G to draw them.

D's scores of words are taught by real images and by G's, its own fakes among them; a reader is taught by real images
alone and then stays as it is, so what it wants of a new combination does not move (auxiliary classifier: Odena et al.
2017, arXiv:1610.09585, here a network of its own).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.core.seeds import derive_seed
from augment.measure.classifiers import FitSettings, SmallCnn, fit_classifier

MAX_STEPS, LEARNING_RATE, BATCH = 400, 3e-3, 64


def trained_reader(images: Tensor, bags: Tensor, weights: Tensor, steps: int, seed: int) -> SmallCnn:
    """images: uint8 (N, C, H, W); bags: float (N, words) of 0 and 1; weights: float (N,), how often each is drawn.
    steps: of G, whose reader has at most 400."""

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        drawn = torch.multinomial(weights, BATCH, replacement=True, generator=rng)
        return images[drawn], bags[drawn]

    _, channels, height, width = images.shape
    loss = F.binary_cross_entropy_with_logits
    settings = FitSettings(min(steps, MAX_STEPS), LEARNING_RATE)
    own_seed = derive_seed(seed, "reader")
    reader = fit_classifier(batch, (channels, height, width), bags.shape[1], settings, None, own_seed, loss_of=loss)
    return reader.requires_grad_(False)


def misread(logits: Tensor, asked: Tensor, together: Tensor) -> Tensor:
    """float (N,): the cross-entropy of the words that an image should show, and of those that it must not.

    logits: of the reader, float (N, words); asked: float (N, words). Of a word that nobody asked for nothing is known,
    unless no training description has it beside one that was: together, float (words, words), is 1 where one has both.
    """
    barred = (asked @ (1 - together) > 0).float()
    losses = F.binary_cross_entropy_with_logits(logits, asked, reduction="none")
    return (torch.maximum(asked, barred) * losses).sum(dim=1)
