"""Hugging Face datasets: data/augmented as an image folder, drawn as often as its column `weight` says.

    pip install "gan-augment[datasets]"
    python examples/hugging_face_datasets.py

Reads what `dvc repro` left, without a network. `synthetic` is 1 for a made image.
"""

import sys
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from datasets import Dataset, load_dataset
from torch import Tensor, nn
from torch.utils.data import DataLoader, WeightedRandomSampler


def main(folder: str = "data/augmented", *, steps: int = 300) -> float:
    """Train a small network on the training images; returns its accuracy on test, a fraction of 1."""
    data = load_dataset("imagefolder", data_dir=folder)
    data = data.class_encode_column("label")  # names to indices
    print(data)

    torch.manual_seed(0)
    train = data["train"]
    draws = WeightedRandomSampler(train["weight"][:], num_samples=32 * steps)
    network = nn.Sequential(
        nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.Linear(64, train.features["label"].num_classes)
    )
    network(as_tensors([train[0]])[0])  # which tells the first layer how many pixels there are
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    for images, labels in DataLoader(train, batch_size=32, sampler=draws, collate_fn=as_tensors):
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    accuracy = accuracy_on(network, data["test"])
    print(f"{accuracy:.1%} of the test images right")
    return accuracy


def as_tensors(rows: list[dict[str, Any]]) -> tuple[Tensor, Tensor]:
    """Rows of the data set as a batch: images float (N, H, W) or (N, H, W, 3) in [0, 1], class indices (N,)."""
    images = np.stack([np.asarray(row["image"]) for row in rows])
    return torch.from_numpy(images) / 255, torch.tensor([row["label"] for row in rows])


@torch.no_grad()
def accuracy_on(network: nn.Module, data: Dataset) -> float:
    """The share of right answers."""
    images, labels = as_tensors(list(data))
    right: Tensor = network(images).argmax(1) == labels
    return right.float().mean().item()


if __name__ == "__main__":
    main(*sys.argv[1:])
