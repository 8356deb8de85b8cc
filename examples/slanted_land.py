"""Slanted Land: a whole GAN small enough to follow by hand.

    python examples/slanted_land.py [FOLDER FOR THE PICTURES]

In Slanted Land screens have 2x2 pixels, white is 0, black is 1, and everybody leans: a face is dark
along the falling diagonal. Its one-layer networks and its losses are the library's own; docs/gans.md
tells the story at length.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.optim import SGD

from augment.gan.linear import LinearDiscriminator, LinearGenerator
from augment.gan.losses import adversarial_loss
from augment.gan.networks import Architecture

PLAN = Architecture("linear", channels=1, height=2, width=2, latent=1, features=4)  # z is a single number
LOSS = adversarial_loss("non_saturating")  # the primers': -[ln D(x) + ln(1 - D(G(z)))], and -ln D(G(z))
CLEAN = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # the clean face, as darkness
PALLOR = 0.2  # real faces are up to this much paler or dirtier
RATE, BATCH, MOST_STEPS = 0.1, 16, 5000


# 1. The pieces, with weights set by hand.


def discriminator_by_hand() -> LinearDiscriminator:
    """Adds the darkness of the falling diagonal, subtracts the rest, and asks for more than 1."""
    discriminator = LinearDiscriminator(PLAN)
    with torch.no_grad():
        discriminator.to_logit.weight[:] = torch.tensor([[1.0, -1.0, -1.0, 1.0]])
        discriminator.to_logit.bias[:] = -1.0
    return discriminator


def generator_by_hand() -> LinearGenerator:
    """Darkens the falling diagonal and lightens the rest, the more so the larger z is."""
    generator = LinearGenerator(PLAN)
    signs = torch.tensor([1.0, -1.0, -1.0, 1.0])
    with torch.no_grad():
        generator.to_pixels.weight[:] = signs[:, None]
        generator.to_pixels.bias[:] = signs
    return generator


def all_screens() -> Tensor:
    """The 16 black-and-white screens, float (16, 1, 2, 2)."""
    return torch.tensor(list(product((0.0, 1.0), repeat=4))).view(16, 1, 2, 2)


def paint(generator: LinearGenerator, z: Tensor) -> Tensor:
    """z float (N, 1) -> darkness float (N, 1, 2, 2) in (0, 1): the sigmoid of the scores."""
    return torch.sigmoid(generator.scores(z))


def probability(discriminator: LinearDiscriminator, screens: Tensor) -> Tensor:
    """D's probability that a screen shows a face, float (N,); it says "face" from 0.5, a score of 0."""
    return torch.sigmoid(discriminator(screens))


def log_loss(label: int, prediction: float) -> float:
    """-[y ln p + (1 - y) ln(1 - p)]: what a prediction costs once the truth is known."""
    return -math.log(prediction if label == 1 else 1 - prediction)


def costs_of_a_fake(prediction: float) -> tuple[float, float]:
    """What D and G pay for a generated image that D calls real with this probability; by the library's losses."""
    score = torch.tensor([math.log(prediction / (1 - prediction))])  # the score whose sigmoid it is
    sure_of_the_real_one = torch.tensor([100.0])
    d_cost, g_cost = LOSS.discriminator(sure_of_the_real_one, score), LOSS.generator(sure_of_the_real_one, score)
    return d_cost.item(), g_cost.item()


# 2. Both learn, from random weights.


@dataclass
class Run:
    """One training: `steps` until every sample is a face (None: never), and what moved, one entry a step."""

    seed: int
    steps: int | None = None
    weights: list[list[float]] = field(default_factory=list)  # D's four weights and its bias
    images: list[Tensor] = field(default_factory=list)  # G's screens for z = 0, 1/4, 1/2, 3/4, 1
    belief: list[float] = field(default_factory=list)  # D(G(z)), mean of a batch


def real_faces(rng: torch.Generator) -> Tensor:
    """A batch of people, float (BATCH, 1, 2, 2)."""
    return (CLEAN - PALLOR * torch.rand((BATCH, 1, 2, 2), generator=rng)).abs()


def random_pair(rng: torch.Generator) -> tuple[LinearGenerator, LinearDiscriminator]:
    """Networks that know nothing: every weight and bias is drawn from a normal distribution."""
    generator, discriminator = LinearGenerator(PLAN), LinearDiscriminator(PLAN)
    with torch.no_grad():
        for weight in (*generator.parameters(), *discriminator.parameters()):
            weight.copy_(torch.randn(weight.shape, generator=rng))
    return generator, discriminator


def train(seed: int) -> Run:
    """Train both until the discriminator set by hand takes every sample of the generator for a face."""
    rng, judge, run = torch.Generator().manual_seed(seed), discriminator_by_hand(), Run(seed)
    generator, discriminator = random_pair(rng)
    improve_g, improve_d = SGD(generator.parameters(), RATE), SGD(discriminator.parameters(), RATE)
    every_z = torch.linspace(0, 1, 101)[:, None]
    for step in range(MOST_STEPS):
        with torch.no_grad():
            samples = paint(generator, every_z)
            run.images.append(samples[::25])
            run.weights.append([*discriminator.to_logit.weight[0].tolist(), discriminator.to_logit.bias.item()])
            run.belief.append(probability(discriminator, samples).mean().item())
            if (judge(samples) >= 0).all():
                run.steps = step
                return run

        x, z = real_faces(rng), torch.rand((BATCH, 1), generator=rng)  # z is uniform in (0, 1)

        d_loss = LOSS.discriminator(discriminator(x), discriminator(paint(generator, z).detach())).mean()
        improve_d.zero_grad()
        d_loss.backward()
        improve_d.step()

        g_loss = LOSS.generator(discriminator(x), discriminator(paint(generator, z))).mean()
        improve_g.zero_grad()
        g_loss.backward()
        improve_g.step()
    return run


# 3. The story.


def tell_the_pieces() -> None:
    """Everything that can be worked out on paper."""
    judge, painter = discriminator_by_hand(), generator_by_hand()
    print("The discriminator: weights +1 -1 -1 +1, bias -1. Of the 16 black-and-white screens it passes:")
    for screen, score in zip(all_screens(), judge(all_screens()).tolist(), strict=True):
        if score >= 0:
            top, bottom = ("".join("#" if pixel else "." for pixel in row) for row in screen[0].tolist())
            print(f"  {top}/{bottom}  score {score:g}, p = {1 / (1 + math.exp(-score)):.2f}")
    z = torch.tensor([[0.7]])
    scores, pixels = painter.scores(z).flatten().tolist(), paint(painter, z).flatten().tolist()
    print(f"\nThe generator: weights and biases +1 -1 -1 +1. z = 0.7 -> scores {_listed(scores, 1)}, ", end="")
    print(f"pixels {_listed(pixels, 2)}\n")
    print("The log loss:")
    for label, prediction in ((1, 0.1), (1, 0.9), (0, 0.1), (0, 0.9)):
        print(f"  truth {label}, prediction {prediction}: {log_loss(label, prediction):.2f}")
    d_cost, g_cost = costs_of_a_fake(0.68)
    print(f"A generated image that D calls 0.68 real costs D {d_cost:.2f} and G {g_cost:.2f}.\n")


def tell_the_training(runs: Sequence[Run]) -> None:
    """How each seed went, and where the first one ended."""
    print("Both start from random weights:")
    for run in runs:
        ending = f"every sample is a face after {run.steps} steps" if run.steps is not None else "no success"
        print(f"  seed {run.seed}: {ending}")
    good = sum(run.steps is not None for run in runs)
    print(f"{good} of {len(runs)} seeds. Seed {runs[0].seed} ended with:")
    print(f"  D's weights {_listed(runs[0].weights[-1][:4], 2)}, bias {runs[0].weights[-1][4]:.2f}")
    print(f"  G's pixels for z = 1/2: {_listed(runs[0].images[-1][2].flatten().tolist(), 2)}")
    print(f"  D(G(z)) = {runs[0].belief[-1]:.2f}")


def main(seeds: int = 10, out: Path = Path("examples/out")) -> list[Run]:
    """Tell the story, draw it into `out`, and return the trainings."""
    tell_the_pieces()
    runs = [train(seed) for seed in range(seeds)]
    tell_the_training(runs)
    out.mkdir(parents=True, exist_ok=True)
    draw_screens().save(out / "slanted_screens.png")
    draw_log_loss().save(out / "log_loss.png")
    draw_training(runs[0]).save(out / "slanted_training.png")
    print(f"\nPictures: {out}/slanted_screens.png, log_loss.png, slanted_training.png")
    return runs


def _listed(values: Sequence[float], decimals: int) -> str:
    return " ".join(f"{value:.{decimals}f}" for value in values)


# 4. The pictures, with nothing but Pillow.

INK, GREY, WHITE = (30, 30, 30), (205, 205, 205), (255, 255, 255)
COLORS = ((31, 119, 180), (214, 39, 40), (255, 152, 0), (44, 160, 44), (120, 80, 160), (100, 100, 100), (0, 150, 150))
FONT_PX = 13


def draw_screens(side: int = 64) -> Image.Image:
    """All 16 screens with their scores; those that pass have a green frame."""
    screens, columns = all_screens(), 8
    canvas = Image.new("RGB", (columns * (side + 16) + 16, 2 * (side + 38) + 8), WHITE)
    pen = ImageDraw.Draw(canvas)
    for index, score in enumerate(discriminator_by_hand()(screens).tolist()):
        left, top = 16 + index % columns * (side + 16), 8 + index // columns * (side + 38)
        frame = COLORS[3] if score >= 0 else GREY
        pen.rectangle((left - 4, top - 4, left + side + 3, top + side + 3), fill=frame)
        canvas.paste(_screen(screens[index], side), (left, top))
        _write(pen, left, top + side + 7, f"{score:g}   p = {1 / (1 + math.exp(-score)):.2f}")
    return canvas


def draw_log_loss() -> Image.Image:
    """What each prediction costs, for either truth."""
    chances = [step / 200 for step in range(4, 197)]
    return plot(
        {"the truth is 1: -ln p": [log_loss(1, p) for p in chances],
         "the truth is 0: -ln(1 - p)": [log_loss(0, p) for p in chances]},
        (chances[0], chances[-1]), "D's prediction p",
    )  # fmt: skip


def draw_training(run: Run, columns: int = 8, side: int = 34) -> Image.Image:
    """G's screens as it learns (a column for a moment, a row for a z), D's weights, and D(G(z))."""
    last = len(run.images) - 1
    moments = [round(last * column / (columns - 1)) for column in range(columns)]
    film = Image.new("RGB", (60 + columns * (side + 8), 24 + 5 * (side + 8)), WHITE)
    pen = ImageDraw.Draw(film)
    for column, moment in enumerate(moments):
        _write(pen, 60 + column * (side + 8), 4, f"{moment}")
        for row, screen in enumerate(run.images[moment]):
            film.paste(_screen(screen, side), (60 + column * (side + 8), 24 + row * (side + 8)))
    for row in range(5):
        _write(pen, 4, 32 + row * (side + 8), f"z = {row / 4:g}")
    names = ("top left", "top right", "bottom left", "bottom right", "bias")
    weights = {f"D: {name}": [step[index] for step in run.weights] for index, name in enumerate(names)}
    plots = [plot(weights, (0, last), "step"), plot({"D(G(z))": run.belief}, (0, last), "step")]
    return beside([film, *plots])


def plot(series: dict[str, list[float]], across: tuple[float, float], label: str) -> Image.Image:
    """Lines over a common axis from across[0] to across[1], each series evenly spaced on it; names above."""
    width, height, left, bottom, fine = 360, 180, 40, 24, 3
    values = [value for line in series.values() for value in line]
    low, high = min(*values, 0.0), max(values)
    area = Image.new("RGB", (width * fine, height * fine), WHITE)
    pen = ImageDraw.Draw(area)

    def at(share: float, value: float) -> tuple[float, float]:
        x = left + share * (width - left - 10)
        return x * fine, (8 + (high - value) / (high - low) * (height - bottom - 8)) * fine

    pen.line([at(0, 0), at(1, 0)], GREY, fine)
    pen.line([at(0, low), at(0, high)], GREY, fine)
    for color, line in zip(COLORS, series.values(), strict=False):
        pen.line([at(i / (len(line) - 1), value) for i, value in enumerate(line)], color, 2 * fine, joint="curve")
    above = (FONT_PX + 3) * len(series) + 8
    canvas = Image.new("RGB", (width, height + above), WHITE)
    canvas.paste(area.reduce(fine), (0, above))
    pen = ImageDraw.Draw(canvas)
    for row, (color, name) in enumerate(zip(COLORS, series, strict=False)):
        _write(pen, left + 8, 4 + row * (FONT_PX + 3), name, color)
    for value in (low, high):
        _write(pen, 2, above + at(0, value)[1] / fine - FONT_PX / 2 - 2, f"{value:.1f}")
    _write(pen, left, above + height - bottom + 6, f"{across[0]:g} to {across[1]:g}: {label}")
    return canvas


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """From left to right, tops aligned."""
    canvas = Image.new("RGB", (sum(one.width for one in pictures), max(one.height for one in pictures)), WHITE)
    left = 0
    for picture in pictures:
        canvas.paste(picture, (left, 0))
        left += picture.width
    return canvas


def _screen(screen: Tensor, side: int) -> Image.Image:
    """Darkness (1, 2, 2) in [0, 1] as a grey picture with hard pixels and a thin frame."""
    pixels = ((1 - screen[0]) * 255).round().to(torch.uint8).numpy()
    picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST).convert("RGB")
    ImageDraw.Draw(picture).rectangle((0, 0, side - 1, side - 1), outline=GREY)
    return picture


def _write(pen: ImageDraw.ImageDraw, x: float, y: float, text: str, color: tuple[int, int, int] = INK) -> None:
    pen.text((x, y), text, color, ImageFont.load_default(FONT_PX))


if __name__ == "__main__":
    main(out=Path(sys.argv[1]) if len(sys.argv) > 1 else Path("examples/out"))
