"""Training of words: images with their descriptions against what G draws of the same descriptions.

With c the words of an image x, c' those of another image, a what G is asked, and s(x, c) the score of
`networks.fit_of`:

    D descends  softplus(-(s(x, c) - s(G(z, a), a)))  +  softplus(-(s(x, c) - s(x, c')))  +  (gamma / 2) (R1 + R2),
    G           softplus(-(s(G(z, a), a) - s(x, c)))  +  what a reader misreads of a in G(z, a) (`reader.misread`),

the relativistic loss of every GAN here (`training/step.py`), and beside it real images with a description that is not
theirs, which D must tell apart (GAN-CLS: Reed et al. 2016, arXiv:1605.05396, algorithm 1). Half of what G is asked are
the descriptions of the batch, half are put together from two: G learns to answer what no image shows, as Reed et al. do
with interpolated descriptions (section 4.3). Words are left out at random, so that a request need not say all that a
description does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from augment.core.environment import environment
from augment.core.errors import DataError, TrainingError
from augment.core.progress import Progress
from augment.core.seeds import derive_seed, global_torch_rng, torch_rng
from augment.data.arguments import flag_argument, sequence_argument, short, whole_number
from augment.gan.generators.arguments import images_argument
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Discriminator, to_float
from augment.gan.training.players import PlayersOf, new_optimizer, settle_norms, update_average
from augment.gan.training.step import REFERENCE_PIXELS
from augment.gan.words.generator import WordGenerator
from augment.gan.words.networks import WordDiscriminator, WordNetwork, fit_of
from augment.gan.words.reader import misread, trained_reader
from augment.gan.words.vocabulary import learn_vocabulary

STEPS, BATCH, LATENT, FEATURES = 1500, 32, 32, 32
LEARNING_RATE, GAMMA, PENALTY_EVERY, EMA_STD = 1e-3, 0.5, 4, 0.1
LEFT_OUT = 0.15  # probability of a word to be left out of a description, in half of the batch
SETTLED_BATCHES = 32
MIN_SIDE_PX, MAX_SIDE_PX = 2, 256


@dataclass
class WordPlayers(PlayersOf[WordNetwork]):
    """G and D of words; D has an output for each of them."""

    @property
    def judge(self) -> WordDiscriminator:
        return cast(WordDiscriminator, self.discriminator)


Reads = Callable[[Tensor, Tensor], Tensor]  # images (N, C, H, W) in [-1, 1] and what was asked (N, words) -> (N,)


def word_step(players: WordPlayers, real: Tensor, bags: Tensor, others: Tensor, asked: Tensor, reads: Reads) -> Tensor:
    """One update of both players and the average, each by the other as it stood before; returns D's loss.

    real: float (N, C, H, W) in [-1, 1]; bags: float (N, words) of these images, others: of other images, asked: of what
    G is to draw; reads: what a reader misreads of that, one number for an image.
    """
    z = torch.randn(len(real), players.generator.architecture.latent, generator=players.rng)
    fake = players.generator(z, asked)
    images = torch.cat([real, fake]).detach().requires_grad_()
    outputs = players.judge(images)
    of_real, of_fake = outputs.chunk(2)
    right, drawn, wrong = fit_of(of_real, bags), fit_of(of_fake, asked), fit_of(of_real, others)
    g_loss = F.softplus(-(drawn - right)).mean() + reads(images[len(real) :], asked).mean()
    (slopes,) = torch.autograd.grad(g_loss, images, retain_graph=True)
    d_loss = F.softplus(-(right - drawn)).mean() + F.softplus(-(right - wrong)).mean()
    if players.step % PENALTY_EVERY == 0:
        d_loss = d_loss + PENALTY_EVERY * penalty(right, drawn, images)
    players.discriminator_optimizer.zero_grad(set_to_none=True)
    d_loss.backward(inputs=list(players.discriminator.parameters()))  # type: ignore[no-untyped-call]
    players.discriminator_optimizer.step()
    players.generator_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(fake, slopes[len(real) :])
    players.generator_optimizer.step()
    players.step += 1
    update_average(players, EMA_STD)
    return d_loss.detach()


def penalty(right: Tensor, drawn: Tensor, images: Tensor) -> Tensor:
    """The mean of (gamma / 2) (R1 + R2), gamma by the number of pixels (`training/step.py`)."""
    gamma = GAMMA * images.shape[2] * images.shape[3] / REFERENCE_PIXELS
    (grads,) = torch.autograd.grad(right.sum() + drawn.sum(), images, create_graph=True)
    return gamma / 2 * grads.square().sum() / len(right)


def with_words_left_out(bags: Tensor, rng: torch.Generator) -> Tensor:
    """Every other description without some of its words, never without all."""
    keep = torch.rand(bags.shape, generator=rng) >= LEFT_OUT
    keep[::2] = True
    fewer = bags * keep
    return torch.where(fewer.sum(dim=1, keepdim=True) > 0, fewer, bags)


def recombined(bags: Tensor, others: Tensor, together: Tensor, rng: torch.Generator) -> Tensor:
    """Descriptions that nobody wrote: each gets a word of another, and loses those that never stand beside it.

    together: float (words, words), 1 where a training description has both. So "small red, left" and "large blue,
    right" make "small red, right".
    """
    (word,) = torch.multinomial(others, 1, generator=rng).T
    made = bags * together[word]
    made[torch.arange(len(made)), word] = 1.0
    return made


def new_players(architecture: Architecture, words: int, seed: int) -> WordPlayers:
    """Players before their first step; equal seeds give equal weights."""
    with global_torch_rng(derive_seed(seed, "words")):
        generator, discriminator = WordNetwork(architecture, words), WordDiscriminator(architecture, words)
    average = WordNetwork(architecture, words)
    average.load_state_dict(generator.state_dict())
    for network in (generator, discriminator, average):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = new_optimizer(generator, LEARNING_RATE), new_optimizer(discriminator, LEARNING_RATE)
    rng = torch_rng(seed, "words, noise")
    return WordPlayers(generator, cast(Discriminator, discriminator), average.requires_grad_(False), *optimizers, rng)


def train_words(
    images: NDArray[np.uint8] | Tensor,
    descriptions: Sequence[str],
    *,
    seed: int = 0,
    steps: int = STEPS,
    progress: bool = True,
) -> WordGenerator:
    """Learn to draw images from words; minutes of one core at the defaults.

    images: uint8 (N, C, H, W), C in {1, 3}, height and width from 2 to 256, of training alone. descriptions: N short
    texts, of which the words count and not their order. progress: tell on standard error how far it is. Equal arguments
    give equal weights. Raises TypeError, `ArgumentError` or `DataError` for what does not fit, `TrainingError` when
    training diverges.

    >>> import augment, torch
    >>> images = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8)
    >>> said = ["light scratch", "dark scratch", "light dent", "dark dent"]
    >>> words = augment.train_words(images, said, steps=2, progress=False)
    >>> words.sample("dark dent", 3).shape, words.read("a dark dent").unknown
    (torch.Size([3, 1, 8, 8]), ('a',))
    """
    data, texts = images_argument("images", images), sequence_argument("descriptions", descriptions)
    if odd := [text for text in texts if not isinstance(text, str)]:
        raise TypeError(f"descriptions must be texts, got {short(odd[0])}")
    if len(texts) != len(data) or not texts:
        raise DataError(f"descriptions: {len(texts)} for {len(data)} images; give one for each image")
    if min(data.shape[2:]) < MIN_SIDE_PX or max(data.shape[2:]) > MAX_SIDE_PX:
        raise DataError(f"images are {data.shape[2]} x {data.shape[3]} pixels; {MIN_SIDE_PX} to {MAX_SIDE_PX} can be")
    seed, steps = whole_number("seed", seed, 0), whole_number("steps", steps, 1)
    vocabulary = learn_vocabulary(texts)
    network = fit_words(data, vocabulary.encode(texts), steps, seed, flag_argument("progress", progress))
    return WordGenerator(network, vocabulary, {"images": len(data), "steps": steps}, environment("cpu"))


def fit_words(images: NDArray[np.uint8], bags: Tensor, steps: int, seed: int, shown: bool) -> WordNetwork:
    """The average of G after so many steps, in eval mode. images: uint8 (N, C, H, W); bags: float (N, words).

    Raises `TrainingError` where it diverges.
    """
    _, channels, height, width = images.shape
    architecture = Architecture("dcgan", channels, height, width, LATENT, FEATURES)
    players, data = new_players(architecture, bags.shape[1], seed), to_float(torch.from_numpy(images))
    weights, together = even_weights(bags), (bags.T @ bags > 0).float()
    reader = trained_reader(torch.from_numpy(images), bags, weights, steps, seed)

    def reads(made: Tensor, asked: Tensor) -> Tensor:
        return misread(reader((made + 1) / 2), asked, together)

    told = Progress("words, steps", steps, shown=shown)
    for _ in range(steps):
        drawn, other = torch.multinomial(weights, 2 * BATCH, replacement=True, generator=players.rng).chunk(2)
        said, others = with_words_left_out(bags[torch.cat([drawn, other])], players.rng).chunk(2)
        new = recombined(said[BATCH // 2 :], others[BATCH // 2 :], together, players.rng)
        word_step(players, data[drawn], said, others, torch.cat([said[: BATCH // 2], new]), reads)
        told.advance()
    if not all(bool(parameter.isfinite().all()) for parameter in players.average.parameters()):
        raise TrainingError("the generator of words diverged; train it with another seed")
    settle(players.average, bags, weights, seed)
    return players.average


def even_weights(bags: Tensor) -> Tensor:
    """float (N,): every different description is drawn equally often, however many images it has."""
    _, which, counts = np.unique(bags.numpy(), axis=0, return_inverse=True, return_counts=True)
    return torch.from_numpy(1 / counts[which.reshape(-1)]).float()


def settle(network: WordNetwork, bags: Tensor, weights: Tensor, seed: int) -> None:
    """The statistics of batch norm under the averaged weights, over training descriptions; leaves it in eval mode.

    weights: as `even_weights` has them.
    """
    rng, latent = torch_rng(seed, "words, batch norm"), network.architecture.latent

    def drawn() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(SETTLED_BATCHES):
            chosen = torch.multinomial(weights, 2 * BATCH, replacement=True, generator=rng)
            yield torch.randn(len(chosen), latent, generator=rng), bags[chosen]

    settle_norms(network, drawn())
