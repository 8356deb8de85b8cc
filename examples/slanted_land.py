"""Slanted Land: a whole GAN small enough to follow by hand.

    python examples/slanted_land.py [FOLDER FOR THE PICTURES]

In Slanted Land screens have 2x2 pixels, white is 0, black is 1, and everybody leans: a face is dark
along the falling diagonal. Its one-layer networks and its losses are the library's own; docs/gans-by-hand.md
tells the story at length.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.optim import SGD

from augment.core.grids import enlarged, mosaic, picture
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.linear import LinearDiscriminator, LinearGenerator
from augment.gan.training.losses import adversarial_loss
from augment.report.charts.line_chart import COLORS, FONT, GREY, INK, PANEL, WHITE, line_chart

PLAN = Architecture("linear", channels=1, height=2, width=2, latent=1, features=4)  # z is a single number
LOSS = adversarial_loss("non_saturating")  # the primers': -[ln D(x) + ln(1 - D(G(z)))], and -ln D(G(z))
SIGNS = torch.tensor([1.0, -1.0, -1.0, 1.0])  # top left, top right, bottom left, bottom right
CLEAN = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # the clean face, as darkness
PALLOR = 0.2  # real faces are up to this much paler or dirtier
RATE, BATCH, MAX_STEPS = 0.1, 16, 5000


# 1. The pieces, with weights set by hand.


def discriminator_by_hand() -> LinearDiscriminator:
    """Adds the darkness of the falling diagonal, subtracts the rest, and asks for more than 1."""
    discriminator = LinearDiscriminator(PLAN)
    with torch.no_grad():
        discriminator.to_logit.weight[0] = SIGNS
        discriminator.to_logit.bias[0] = -1.0
    return discriminator


def generator_by_hand() -> LinearGenerator:
    """Darkens the falling diagonal and lightens the rest, the more so the larger z is."""
    generator = LinearGenerator(PLAN)
    with torch.no_grad():
        generator.to_pixels.weight[:, 0] = SIGNS
        generator.to_pixels.bias[:] = SIGNS
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


def slopes_by_hand(z: float) -> tuple[Tensor, Tensor]:
    """Slopes of -ln D(G(z)) along G's four weights, and of -ln(1 - D(G(z))) along D's, by the chain rule."""
    discriminator, generator = discriminator_by_hand(), generator_by_hand()
    with torch.no_grad():
        screen = paint(generator, torch.tensor([[z]]))
        p, pixels = probability(discriminator, screen), screen.flatten()
    # how the loss follows the score, the score the pixel, the pixel its own score, that score the weight
    along_g = -(1 - p) * SIGNS * pixels * (1 - pixels) * z
    along_d = p * pixels
    return along_g, along_d


# 2. Both learn, from random weights.


@dataclass
class Run:
    """One training: `steps` until every sample is a face (None: never), and what moved, one entry a step."""

    seed: int
    steps: int | None = None
    d_weights: list[list[float]] = field(default_factory=list)  # four weights and the bias
    g_weights: list[list[float]] = field(default_factory=list)  # four weights and four biases
    images: list[Tensor] = field(default_factory=list)  # G's screens for z = 0, 1/4, 1/2, 3/4, 1
    belief: list[float] = field(default_factory=list)  # D(G(z)), mean of all z


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
    for step in range(MAX_STEPS):
        if (judge(note(run, generator, discriminator)) >= 0).all():
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


@torch.no_grad()
def note(run: Run, generator: LinearGenerator, discriminator: LinearDiscriminator) -> Tensor:
    """Write down where both stand; returns G's screens for 101 values of z from 0 to 1."""
    samples = paint(generator, torch.linspace(0, 1, 101)[:, None])
    run.images.append(samples[::25])
    run.d_weights.append([*discriminator.to_logit.weight[0].tolist(), discriminator.to_logit.bias.item()])
    run.g_weights.append([*generator.to_pixels.weight[:, 0].tolist(), *generator.to_pixels.bias.tolist()])
    run.belief.append(probability(discriminator, samples).mean().item())
    return samples


# 3. The story.


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


def tell_the_pieces() -> None:
    """Everything that can be worked out on paper."""
    judge, painter = discriminator_by_hand(), generator_by_hand()
    print("The discriminator: weights +1 -1 -1 +1, bias -1. Of the 16 black-and-white screens it passes:")
    for screen, score in zip(all_screens(), judge(all_screens()).tolist(), strict=True):
        if score >= 0:
            top, bottom = ("".join("#" if pixel else "." for pixel in row) for row in screen[0].tolist())
            print(f"  {top}/{bottom}  score {score:g}, p = {1 / (1 + math.exp(-score)):.2f}")
    z = torch.tensor([[0.7]])
    print(
        f"\nThe generator: weights and biases +1 -1 -1 +1. z = 0.7 -> scores {_listed(painter.scores(z), 1)}, ", end=""
    )
    print(f"pixels {_listed(paint(painter, z), 2)}\n\nThe log loss:")
    for label, prediction in ((1, 0.1), (1, 0.9), (0, 0.1), (0, 0.9)):
        print(f"  truth {label}, prediction {prediction}: {log_loss(label, prediction):.2f}")
    d_cost, g_cost = costs_of_a_fake(0.68)
    print(f"A generated image that D calls 0.68 real costs D {d_cost:.2f} and G {g_cost:.2f}.\n")
    along_g, along_d = slopes_by_hand(0.7)
    print(f"For z = 0.7 D says {probability(judge, paint(painter, z)).item():.2f}. ", end="")
    print(f"Slopes along G's weights: {_listed(along_g, 3)}, along D's: {_listed(along_d, 2)}\n")


def tell_the_training(runs: Sequence[Run]) -> None:
    """How each seed went, and where the first one ended."""
    print("Both start from random weights:")
    for run in runs:
        ending = f"every sample is a face after {run.steps} steps" if run.steps is not None else "no success"
        print(f"  seed {run.seed}: {ending}")
    print(f"{sum(run.steps is not None for run in runs)} of {len(runs)} seeds. Seed {runs[0].seed} ended with:")
    print(f"  D's weights {_listed(runs[0].d_weights[-1][:4], 2)}, bias {runs[0].d_weights[-1][4]:.2f}")
    print(f"  G's pixels for z = 1/2: {_listed(runs[0].images[-1][2], 2)}")
    print(f"  D(G(z)) = {runs[0].belief[-1]:.2f}")


def _listed(values: Sequence[float] | Tensor, decimals: int) -> str:
    return " ".join(f"{value:.{decimals}f}" for value in torch.as_tensor(values).flatten().tolist())


# 4. The pictures.


def draw_screens(side: int = 64) -> Image.Image:
    """All 16 screens with their scores; those that pass have a green frame."""
    screens, columns = all_screens(), 8
    canvas = Image.new("RGB", (columns * (side + 16) + 16, 2 * (side + 38) + 8), WHITE)
    pen = ImageDraw.Draw(canvas)
    for index, score in enumerate(discriminator_by_hand()(screens).tolist()):
        left, top = 16 + index % columns * (side + 16), 8 + index // columns * (side + 38)
        pen.rectangle((left - 4, top - 4, left + side + 3, top + side + 3), fill=COLORS[3] if score >= 0 else GREY)
        canvas.paste(_screen(screens[index], side), (left, top))
        pen.text((left, top + side + 7), f"{score:g}   p = {1 / (1 + math.exp(-score)):.2f}", INK, FONT)
    return canvas


def draw_log_loss() -> Image.Image:
    """What each prediction costs, for either truth."""
    predictions = [step / 200 for step in range(4, 197)]
    names = {"the truth is 1: -ln p": 1, "the truth is 0: -ln(1 - p)": 0}
    costs = {name: [log_loss(truth, p) for p in predictions] for name, truth in names.items()}
    return line_chart(costs, (predictions[0], predictions[-1]), "D's prediction p")


def draw_training(run: Run) -> Image.Image:
    """G's screens as it learns (a column for a moment, a row for a z), D(G(z)), and the weights of both."""
    corners = ("top left", "top right", "bottom left", "bottom right")
    d_names = [*(f"D: {corner}" for corner in corners), "D: bias"]
    g_names = [f"G: {corner}{kind}" for kind in ("", ", bias") for corner in corners]
    lines: list[dict[str, Sequence[float]]] = [
        {"D(G(z))": run.belief},
        dict(zip(d_names, zip(*run.d_weights, strict=True), strict=True)),
        dict(zip(g_names, zip(*run.g_weights, strict=True), strict=True)),
    ]
    panels = [draw_film(run.images), *(line_chart(series, (0, len(run.images) - 1), "step") for series in lines)]
    return mosaic(panels, 2, gap=0).convert("RGB")


def draw_film(images: Sequence[Tensor], columns: int = 8, side: int = 36) -> Image.Image:
    """The screens of five z, at equally spaced steps from the first to the last."""
    film, step = Image.new("RGB", PANEL, WHITE), side + 8
    pen = ImageDraw.Draw(film)
    for row in range(5):
        pen.text((4, 34 + row * step), f"z = {row / 4:g}", INK, FONT)
    for column in range(columns):
        moment = round((len(images) - 1) * column / (columns - 1))
        pen.text((64 + column * step, 6), f"{moment}", INK, FONT)
        for row, screen in enumerate(images[moment]):
            film.paste(_screen(screen, side), (64 + column * step, 26 + row * step))
    return film


def _screen(screen: Tensor, side: int) -> Image.Image:
    """Darkness (1, 2, 2) in [0, 1] as a grey picture with hard pixels and a thin frame."""
    shown = enlarged(picture(((1 - screen) * 255).round().to(torch.uint8).numpy()), side // 2).convert("RGB")
    ImageDraw.Draw(shown).rectangle((0, 0, side - 1, side - 1), outline=GREY)
    return shown


if __name__ == "__main__":
    main(out=Path(sys.argv[1]) if len(sys.argv) > 1 else Path("examples/out"))
