"""`python -m benchmarks.words_apart FOLDER --classes shorts ...`: can a class be drawn from its words alone?

FOLDER: clothing_64, or another of the ten classes below. Each class in turn is left out: a generator learns the other
nine with their descriptions, and draws the tenth from words. A classifier of all ten, with images of its own, says
which share of the samples it takes for the class. Beside it: one and five images of the class in the training;
descriptions dealt to the wrong classes; and, without any generator, real images of the class whose description is
nearest.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from augment.data.descriptions.reading import attributes_text
from augment.data.descriptions.text import words_in
from augment.data.imageset import ImageSet
from augment.gan.words.training import train_words
from augment.measure.classifiers import FitSettings, SmallCnn, fit_classifier, probabilities, weighted_batches
from augment.measure.sampling import class_balanced
from benchmarks.probing import load

ATTRIBUTES: dict[str, dict[str, str | bool]] = {
    "dress": {"on": "torso legs", "sleeves": "short sleeves", "bottom": "flared", "length": "long"},
    "hat": {"on": "head", "form": "round", "length": "short"},
    "longsleeve": {"on": "torso", "sleeves": "long sleeves", "front": "closed", "length": "short"},
    "outwear": {"on": "torso", "sleeves": "long sleeves", "front": "open", "length": "long", "thick": True},
    "pants": {"on": "legs", "tubes": True, "length": "long"},
    "shirt": {"on": "torso", "sleeves": "long sleeves", "front": "open", "length": "short", "collar": True},
    "shoes": {"on": "feet", "pair": True},
    "shorts": {"on": "legs", "tubes": True, "length": "short"},
    "skirt": {"on": "legs", "bottom": "flared", "length": "short"},
    "t-shirt": {"on": "torso", "sleeves": "short sleeves", "front": "closed", "length": "short"},
}
DESCRIPTIONS = {label: attributes_text(attributes) for label, attributes in ATTRIBUTES.items()}
SAMPLES, JUDGE_STEPS = 200, 600


def judge_of(images: ImageSet) -> SmallCnn:
    classes = images.classes
    batch = weighted_batches(class_balanced(images.images, images.targets(classes)), 64)
    _, channels, height, width = images.images.shape
    return fit_classifier(batch, (channels, height, width), len(classes), FitSettings(JUDGE_STEPS, 3e-3), None, 0)


def share_taken_for(judge: SmallCnn, images: Tensor | np.ndarray, classes: list[str], label: str) -> float:
    """Of images uint8 (N, C, H, W), how many the judge takes for the class."""
    taken = probabilities(judge, np.asarray(images)).argmax(axis=1)
    return float((taken == classes.index(label)).mean())


def drawn(images: ImageSet, left_out: str, few: int, said: Mapping[str, str], request: str, steps: int) -> Tensor:
    """Samples of a request by a generator of the other classes, and of `few` images of the class."""
    own = np.flatnonzero(images.labels == left_out)[:few]
    train = images.take(np.concatenate([np.flatnonzero(images.labels != left_out), own]))
    words = train_words(train.images, [said[label] for label in train.labels.tolist()], steps=steps, progress=False)
    return words.sample(request, SAMPLES)


def nearest_class(left_out: str) -> str:
    """The class whose description shares most words with that of another."""
    own = {*words_in(DESCRIPTIONS[left_out])}

    def shared(label: str) -> float:
        other = {*words_in(DESCRIPTIONS[label])}
        return len(own & other) / len(own | other)

    return max((label for label in DESCRIPTIONS if label != left_out), key=shared)


def dealt_wrongly() -> dict[str, str]:
    """Every class with the description of another."""
    labels = sorted(DESCRIPTIONS)
    return {label: DESCRIPTIONS[labels[at - 3]] for at, label in enumerate(labels)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classes", nargs="+", default=["longsleeve", "shorts", "skirt", "t-shirt"])
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=1000)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    images, is_other = load(chosen.folder, chosen.size)
    own, others = images.take(~is_other), images.take(is_other)
    judge, classes, wrong = judge_of(others), own.classes, dealt_wrongly()
    print("class, real images, nearest class, shuffled words, words alone, one image, five images")
    for label in chosen.classes:
        near = nearest_class(label)
        rows = [share_taken_for(judge, own.of_class(name).images, classes, label) for name in (label, near)]
        runs = [(0, wrong), (0, DESCRIPTIONS), (1, DESCRIPTIONS), (5, DESCRIPTIONS)]
        for few, said in runs:
            made = drawn(own, label, few, said, DESCRIPTIONS[label], chosen.steps)
            rows.append(share_taken_for(judge, made, classes, label))
        print(f"{label} ({near})", *(f"{100 * row:.0f}" for row in rows), flush=True)


if __name__ == "__main__":
    main()
