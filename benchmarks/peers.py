"""Seconds to samples of equal quality, beside trainers that people would take from PyPI instead, in one run.

`pip install --no-deps lightweight-gan torchgan adabelief-pytorch einops`, then
`python -m benchmarks.peers FOLDER [--side 32 --classes 10 --images 50 --watched 2 --times 10]`. FOLDER has class
folders. Both peers run with the defaults of their command or README, one class after the other with a thread for each
core, as they know one set of images; this project trains all classes with its own defaults, its shared stage included.

A peer is watched on a few classes for so many times of this project's seconds for as many. Quality is the mean kernel
distance (random convolutions) of samples to held-out images; what it takes to look is not counted. Neither package
loads here as it is: torchvision is missing, for which stand the two functions of it that training calls, and
lightweight-gan asks for a GPU, which is answered.
"""

import argparse
import contextlib
import io
import itertools
import os
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

import augment
from augment.core.processes import cores
from augment.data.imageset import ImageSet
from augment.gan.networks.build import to_float, to_uint8
from augment.measure.features import random_convolutions
from augment.measure.metrics import kid
from benchmarks.pools import draw, images_of

HELD_OUT, SAMPLES = 100, 200  # of a class
LOOKS = 16  # at a peer, in the time it has


@dataclass
class Watch:
    """What a peer has reached: (seconds of training, kernel distance) of each look at a class."""

    real: np.ndarray[Any, np.dtype[np.uint8]]
    budget: float
    seen: list[tuple[float, float]]
    spent: float = 0.0
    since: float = 0.0

    def begin(self) -> None:
        self.since = time.perf_counter()

    def goes_on(self, sample: Callable[[int], Tensor]) -> bool:
        """Called after every few steps; whether time is left. Looks cost nothing."""
        self.spent += time.perf_counter() - self.since
        if self.spent >= self.budget * (len(self.seen) + 1) / LOOKS:
            with torch.no_grad():
                images = to_uint8(sample(SAMPLES)).numpy()
            self.seen.append((self.spent, distance(self.real, images)))
        self.begin()
        return self.spent < self.budget


def distance(real: np.ndarray[Any, np.dtype[np.uint8]], fake: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    return kid(real=random_convolutions(real), fake=random_convolutions(fake))


@contextlib.contextmanager
def as_if_there() -> Iterator[None]:
    """torchvision with the functions that training calls, and a GPU that is the CPU."""
    vision = types.ModuleType("torchvision")
    vision.transforms = types.ModuleType("torchvision.transforms")  # type: ignore[attr-defined]
    vision.utils = types.SimpleNamespace(  # type: ignore[attr-defined]
        save_image=lambda *_, **__: None, make_grid=lambda images, **_: images
    )
    modules = {"torchvision": vision, "torchvision.transforms": vision.transforms}
    here = {"TENSORBOARD_LOGGING": "0", "VISDOM_LOGGING": "0", "CONSOLE_LOGGING": "0"}
    with (
        mock.patch.dict(sys.modules, modules),
        mock.patch.dict(os.environ, here),
        mock.patch.object(torch.cuda, "is_available", return_value=True),
        contextlib.redirect_stdout(io.StringIO()),
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
    ):
        yield


def batches(images: Tensor, size: int) -> Iterator[Tensor]:
    """Endless batches, drawn with replacement."""
    sampler = RandomSampler(TensorDataset(images), replacement=True, num_samples=10**9)
    for (batch,) in DataLoader(TensorDataset(images), batch_size=size, sampler=sampler):
        yield batch


def lightweight_gan(images: Tensor, watch: Watch) -> None:
    """One class by lightweight-gan's trainer, with the defaults of its command."""
    with as_if_there():
        from lightweight_gan import lightweight_gan as package  # noqa: PLC0415  (as if a GPU were there)

        cpu = types.SimpleNamespace(**{**vars(torch), "device": lambda _: torch.device("cpu")})
        stay = lambda self, *_: self  # noqa: E731
        with (
            mock.patch.object(package, "torch", cpu),
            mock.patch.object(Tensor, "cuda", stay),
            mock.patch.object(torch.nn.Module, "cuda", stay),
            mock.patch.object(package.Trainer, "evaluate"),
            mock.patch.object(package.Trainer, "save"),
        ):
            grey = images.shape[1] == 1
            trainer = package.Trainer(
                image_size=images.shape[-1], greyscale=grey, batch_size=10, gradient_accumulate_every=4,
                attn_res_layers=[32], disc_output_size=1, aug_types=["cutout", "translation"],
                aug_prob=min(0.5, (1e5 - len(images)) * 3e-6), use_aim=False,
            )  # fmt: skip
            trainer.loader = batches((images + 1) / 2, 10)
            latent = trainer.latent_dim
            watch.begin()
            trainer.train()
            while watch.goes_on(lambda n: 2 * trainer.GAN.G(torch.randn(n, latent)).clamp(0, 1) - 1):
                trainer.train()


def torchgan(images: Tensor, watch: Watch) -> None:
    """One class by torchgan's trainer: the DCGAN of its README."""
    with as_if_there():
        from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss  # noqa: PLC0415
        from torchgan.models import DCGANDiscriminator, DCGANGenerator  # noqa: PLC0415
        from torchgan.trainer import Trainer  # noqa: PLC0415

        adam = {"name": torch.optim.Adam, "args": {"lr": 0.0002, "betas": (0.5, 0.999)}}
        channels, side = images.shape[1], images.shape[-1]
        networks = {
            "generator": {"name": DCGANGenerator, "optimizer": adam,
                          "args": {"out_channels": channels, "out_size": side, "step_channels": 16}},
            "discriminator": {"name": DCGANDiscriminator, "optimizer": adam,
                              "args": {"in_channels": channels, "in_size": side, "step_channels": 16}},
        }  # fmt: skip
        losses = [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()]
        trainer = Trainer(networks, losses, device=torch.device("cpu"), sample_size=64, epochs=1)
        trainer.batch_size = 64
        generator = trainer.generator
        watch.begin()
        for batch in batches(images, 64):
            generator.train()
            trainer.real_inputs = batch
            trainer.train_iter()
            generator.eval()
            if not watch.goes_on(lambda n: generator(torch.randn(n, generator.encoding_dims))):
                break


PEERS = {"lightweight-gan 1.2.1": lightweight_gan, "torchgan 0.1.0": torchgan}


def ours(train: ImageSet, held_out: ImageSet) -> tuple[float, dict[str, float]]:
    """Seconds for all classes, and each one's distance."""
    began = time.perf_counter()
    generators = augment.train_generators(train.images, train.labels.tolist(), jobs=cores(), progress=False)
    seconds = time.perf_counter() - began
    found = {label: one.sample(SAMPLES, seed=0).numpy() for label, one in generators.items()}
    return seconds, {label: distance(held_out.of_class(label).images, made) for label, made in found.items()}


def row(name: str, watches: list[Watch], aim: float, classes: int, seconds: float) -> str:
    """The first look at which the mean over the watched classes is no worse, for all classes."""
    looks = list(zip(*(watch.seen for watch in watches), strict=False))
    means = [(np.mean([at for at, _ in look]), np.mean([value for _, value in look])) for look in looks]
    best = min(value for _, value in means)
    reached = next((at for at, value in means if value <= aim), None)
    at = reached if reached is not None else max(at for at, _ in means)
    more = "" if reached is not None else "> "
    return f"| {name} | {more}{at * classes:.0f} | {more}{at * classes / seconds:.1f} | {best:.4f} |"


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in {"side": 32, "classes": 10, "images": 50, "watched": 2, "times": 10}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    every = images_of(str(asked.folder), asked.side)
    labels = every.classes[: asked.classes]
    train, held_out = draw(every, dict.fromkeys(labels, asked.images), HELD_OUT, 0, labels)
    seconds, reached = ours(train, held_out)
    watched = list(itertools.islice(reached, asked.watched))
    aim = float(np.mean([reached[label] for label in watched]))
    print(f"{len(labels)} classes of {asked.images} at {asked.side} px; peers watched on {', '.join(watched)}\n")
    print("| what | seconds | times ours | distance |\n|---|---|---|---|")
    print(f"| this project | {seconds:.0f} | 1 | {aim:.4f} |", flush=True)
    torch.set_num_threads(cores())
    for name, peer in PEERS.items():
        watches = []
        for label in watched:
            watch = Watch(held_out.of_class(label).images, asked.times * seconds / len(labels), [])
            torch.manual_seed(0)
            peer(to_float(torch.from_numpy(train.of_class(label).images)), watch)
            watches.append(watch)
        print(row(name, watches, aim, len(labels), seconds), flush=True)


if __name__ == "__main__":
    main()
