"""Lightning: synthetic images mixed into each batch, by a module whose position is part of every checkpoint.

    pip install "gan-augment[lightning,pipeline]"
    python examples/lightning_training.py

Digits of 8x8 pixels, 20 training images of each. After `dvc repro`, `augment.load_generators("models")` gives
generators of your own classes instead.
"""

import lightning
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import augment
from augment.data.sources.built_in import digits

TRAIN_IMAGES = 200


class Classifier(lightning.LightningModule):
    """A small network on images uint8 (N, 1, 8, 8), three of ten of which are replaced in training."""

    def __init__(self, generators: augment.GeneratorSet) -> None:
        super().__init__()
        self.mix = augment.SyntheticMix(generators, p=0.3, classes=list("0123456789"), seed=0)
        self.network = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, images: Tensor) -> Tensor:
        """Images to scores, float (N, 10)."""
        scores: Tensor = self.network(images / 255)
        return scores

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        """The loss of a batch."""
        images, labels = self.mix(*batch)
        return F.cross_entropy(self(images), labels)

    def validation_step(self, batch: list[Tensor], index: int) -> None:
        """Logs the share of right answers."""
        images, labels = batch
        self.log("accuracy", (self(images).argmax(1) == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW, which Lightning steps."""
        return torch.optim.AdamW(self.parameters(), 2e-3)


def main(*, shared_steps: int = 800, gan_steps: int = 150, epochs: int = 40) -> float:
    """Train the GANs and the classifier; returns the accuracy on images that no training saw, a fraction of 1."""
    pixels, names = digits()
    images, labels = torch.from_numpy(pixels), torch.tensor([int(name) for name in names])
    train = TensorDataset(images[:TRAIN_IMAGES], labels[:TRAIN_IMAGES])
    test = TensorDataset(images[TRAIN_IMAGES:], labels[TRAIN_IMAGES:])
    generators = augment.train_generators(*train.tensors, shared_steps=shared_steps, steps=gan_steps)

    lightning.seed_everything(0, verbose=False)
    trainer = lightning.Trainer(max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False)
    loaders = DataLoader(train, batch_size=32, shuffle=True), DataLoader(test, batch_size=len(test))
    trainer.fit(Classifier(generators), *loaders)
    accuracy = float(trainer.callback_metrics["accuracy"])
    print(f"{accuracy:.1%} right")
    return accuracy


if __name__ == "__main__":
    torch.set_num_threads(1)  # networks this small gain nothing from more
    main()
