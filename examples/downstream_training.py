"""A classifier of your own with synthetic images: three ways to train it, side by side.

    python examples/downstream_training.py

Digits with 40 images of 0 to 4 and 8 of 5 to 9. The GANs are trained here, in memory; after `dvc repro`,
`augment.load_generators("models")` gives them instead. One run of each way shows how the pieces fit;
whether synthetic images help is a question for the pipeline, which repeats and compares fairly.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import ConcatDataset, DataLoader, Dataset, TensorDataset

import augment
from augment.data.sources.built_in import digits

CLASSES = [str(digit) for digit in range(10)]
MAJORITY_IMAGES, MINORITY_IMAGES = 40, 8


def main(*, shared_steps: int = 800, gan_steps: int = 150, steps: int = 300) -> dict[str, float]:
    """Train the GANs and three classifiers; returns the balanced accuracy of each way, a fraction of 1."""
    images, labels, test_images, test_labels = imbalanced_digits()
    generators = augment.train_generators(
        images, labels, classes=CLASSES, seed=0, shared_steps=shared_steps, steps=gan_steps
    )

    real = TensorDataset(images, labels)
    fakes = augment.SyntheticDataset(
        generators, counts="balance", real_labels=labels, classes=CLASSES, seed=0, target_transform=torch.tensor
    )
    mix = augment.SyntheticMix(generators, p=0.3, classes=CLASSES, seed=0)

    classifiers = {
        "real images alone": train_classifier(real, steps),
        "synthetic ones added until the classes are equal": train_classifier(ConcatDataset([real, fakes]), steps),
        "3 of 10 images in each batch replaced": train_classifier(real, steps, mix),
    }
    accuracies = {way: balanced_accuracy(own, test_images, test_labels) for way, own in classifiers.items()}
    for way, accuracy in accuracies.items():
        print(f"{accuracy:6.1%}  {way}")
    return accuracies


def imbalanced_digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training and test images uint8 (N, 1, 8, 8) with their labels int64 (N,)."""
    pixels, names = digits()
    images, labels = torch.from_numpy(pixels), torch.tensor([int(name) for name in names])
    shuffled = torch.from_numpy(np.random.default_rng(0).permutation(len(labels)))
    train = torch.cat(
        [
            shuffled[labels[shuffled] == digit][: MAJORITY_IMAGES if digit < 5 else MINORITY_IMAGES]
            for digit in range(10)
        ]
    )
    test = shuffled[~torch.isin(shuffled, train)]
    return images[train], labels[train], images[test], labels[test]


def train_classifier(data: Dataset[Any], steps: int, mix: augment.SyntheticMix | None = None) -> nn.Module:
    """A small CNN, AdamW, equal steps whatever the data."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 4 * 4, 10),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    loader = DataLoader(data, batch_size=32, shuffle=True, drop_last=True)
    step = 0
    while step < steps:
        for batch, targets in loader:
            images, labels = (batch, targets) if mix is None else mix(batch, targets)
            loss = F.cross_entropy(network(images / 255), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step == steps:
                break
    return network


@torch.no_grad()
def balanced_accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The mean of the classes' recalls."""
    right = network(images / 255).argmax(1) == labels
    return torch.stack([right[labels == digit].float().mean() for digit in range(10)]).mean().item()


if __name__ == "__main__":
    torch.set_num_threads(1)  # networks this small gain nothing from more
    main()
