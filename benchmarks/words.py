"""`python -m benchmarks.words`: are combinations of words drawn right that no training image has?

A generator learns the training images of `ingest.source: shapes` and draws every held-out combination from words. A
classifier that was trained on all combinations, with images of its own, says what it sees: a sample is right where
colour, shape, size and place all are what was asked for. Beside it, the same of real images of these combinations.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from augment.core.grids import write_grid
from augment.data.sources.built_in.shapes import COMBINATIONS, Combination, picture, shape_texts, shapes
from augment.gan.words.generator import WordGenerator
from augment.gan.words.training import STEPS, train_words
from augment.gan.words.vocabulary import Vocabulary, learn_vocabulary
from augment.measure.classifiers import FitSettings, SmallCnn, fit_classifier

ATTRIBUTES = {
    "colour": (("red",), ("green",), ("blue",), ("yellow",)),
    "shape": (("circle",), ("square",), ("triangle",), ("cross",)),
    "size": (("small",), ("large",)),
    "place": (("lower", "left"), ("lower", "right"), ("upper", "left"), ("upper", "right")),
}
JUDGE_IMAGES, JUDGE_STEPS, JUDGE_SEED, REAL_SEED = 12, 600, 101, 202
SAMPLES = 16  # of a combination
HELD_OUT = [shown for shown in COMBINATIONS if shown.held_out]


def trained_judge(vocabulary: Vocabulary) -> SmallCnn:
    """A classifier of words, with images of every combination that no generator sees."""
    shown = [combination for combination in COMBINATIONS for _ in range(JUDGE_IMAGES)]
    images = torch.from_numpy(real_images(COMBINATIONS, JUDGE_IMAGES, JUDGE_SEED))
    targets = vocabulary.encode(combination.description for combination in shown)

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        drawn = torch.randint(len(images), (64,), generator=rng)
        return images[drawn], targets[drawn]

    settings = FitSettings(JUDGE_STEPS, 3e-3)
    loss = F.binary_cross_entropy_with_logits
    return fit_classifier(batch, (3, 16, 16), len(vocabulary.words), settings, None, JUDGE_SEED, loss_of=loss)


def real_images(shown: Sequence[Combination], count: int, seed: int) -> NDArray[np.uint8]:
    """`count` images of each, uint8 (N, 3, 16, 16)."""
    return np.stack([picture(combination, number, seed) for combination in shown for number in range(count)])


@torch.no_grad()
def shares_right(
    judge: SmallCnn, vocabulary: Vocabulary, images: Tensor, shown: Sequence[Combination]
) -> Mapping[str, float]:
    """Of images uint8 (N, 3, 16, 16), as many of each combination: how often each attribute is right, and all are."""
    logits = judge(images.float() / 255)
    told = [combination for combination in shown for _ in range(len(images) // len(shown))]
    right = {}
    for name, values in ATTRIBUTES.items():
        scores = torch.stack([logits[:, [vocabulary.words.index(word) for word in value]].sum(1) for value in values])
        seen = [" ".join(values[at]) for at in scores.argmax(dim=0).tolist()]
        right[name] = np.array([one == getattr(wanted, name) for one, wanted in zip(seen, told, strict=True)])
    return {name: float(hits.mean()) for name, hits in right.items()} | {
        "all": float(np.all(list(right.values()), axis=0).mean())
    }


def trained_on_shapes(steps: int = STEPS, seed: int = 0) -> WordGenerator:
    """Words of the training images of the built-in set."""
    (images, _), (descriptions, splits) = shapes(), shape_texts()
    train = [at for at, name in enumerate(splits) if name == "train"]
    return train_words(images[train], [descriptions[at] for at in train], steps=steps, seed=seed, progress=False)


def drawn(generator: WordGenerator, shown: Sequence[Combination], count: int = SAMPLES) -> Tensor:
    """`count` samples of each, uint8 (N, 3, 16, 16)."""
    return torch.cat([generator.sample(combination.description, count) for combination in shown])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--picture", type=Path, help="PNG of eight samples of each held-out combination")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    vocabulary = learn_vocabulary([combination.description for combination in COMBINATIONS])
    judge = trained_judge(vocabulary)
    real = torch.from_numpy(real_images(HELD_OUT, SAMPLES, REAL_SEED))
    seen = [combination for combination in COMBINATIONS if not combination.held_out][::4]
    print("real, held out", shares_right(judge, vocabulary, real, HELD_OUT), flush=True)
    for seed in range(chosen.seeds):
        began = time.process_time()
        generator = trained_on_shapes(chosen.steps, seed)
        print(f"seed {seed}: {time.process_time() - began:.0f} s of processor time", flush=True)
        for name, shown in (("held out", HELD_OUT), ("seen", seen)):
            print(f"  {name}", shares_right(judge, vocabulary, drawn(generator, shown), shown), flush=True)
        if chosen.picture is not None:
            write_grid(chosen.picture, drawn(generator, HELD_OUT, 8).numpy(), 16)


if __name__ == "__main__":
    main()
