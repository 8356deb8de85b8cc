"""`python -m benchmarks.by_hand PREPARED [...]`: the best probe and fine-tuning that one builds by hand in an hour.

Nothing of augment's families is used but the pretrained network itself: torch, kornia and scikit-learn, as a
practitioner would write it. Each PREPARED is a folder data/prepared of the pipeline; its test images pick the best of
every grid here, which flatters what is built by hand: the pipeline is to come within a point of it all the same.

    probe        the frozen network at several sizes, images as they are and with views, a grid of scikit-learn's C
    fine-tuning  the last seven blocks at the best size, every batch augmented anew, a grid of learning rates
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import kornia.augmentation as K
import numpy as np
import torch
import torch.nn.functional as F
from kornia.augmentation.auto import RandAugment
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from augment.data.imageset import ImageSet
from augment.measure.backbone import lite0

SIDES = (96, 128)
VIEWS = (0, 8)
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1)
RATES = (3e-4, 1e-3)
STEPS, BATCH, TRAINED = 300, 32, 8  # layers: seven blocks and the last convolution
TEST_IMAGES = 2000
MEAN, STD = torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1), torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
Images = NDArray[np.uint8]


def enlarged(images: Tensor, side: int) -> Tensor:
    """float (N, C, H, W) in [0, 1] -> what the network was trained on, (N, 3, side, side)."""
    rgb = images.expand(-1, 3, -1, -1)
    return (F.interpolate(rgb, (side, side), mode="bilinear", antialias=True) - MEAN) / STD


def augmented(images: Tensor) -> Tensor:
    """kornia's RandAugment for colour; for grey, which it does not take, moves and contrast."""
    if images.shape[1] == 3:
        return torch.as_tensor(RandAugment(n=2, m=9)(images)).clamp(0, 1)
    moves = nn.Sequential(K.RandomAffine(15, (0.1, 0.1), (0.9, 1.1), padding_mode="border"), K.ColorJitter(0.4, 0.4))
    return torch.as_tensor(moves(images)).clamp(0, 1)


@torch.no_grad()
def features(network: nn.Module, images: Images, side: int, views: int) -> NDArray[np.float32]:
    """Pooled features of the images, and of so many views of each behind them."""
    rows = []
    for turn in range(1 + views):
        for part in torch.split(torch.from_numpy(images), 64):
            shown = part.float() / 255
            rows.append(network(enlarged(augmented(shown) if turn else shown, side)).mean(dim=(2, 3)))
    return torch.cat(rows).numpy()


def probe(train: ImageSet, test: ImageSet, seed: int = 0) -> list[tuple[str, float]]:
    """Every setting, and its balanced accuracy on test."""
    torch.manual_seed(seed)
    network = nn.Sequential(*lite0.layers(lite0.pretrained_weights())).eval()
    targets, answers, found = train.targets(train.classes), test.targets(train.classes), []
    for side in SIDES:
        asked, seen = features(network, test.images, side, 0), features(network, train.images, side, max(VIEWS))
        for views in VIEWS:
            rows, labels = seen[: len(targets) * (1 + views)], np.tile(targets, 1 + views)
            scaler = StandardScaler().fit(rows)
            for strength in STRENGTHS:
                model = LogisticRegression(C=strength, class_weight="balanced", max_iter=300, tol=1e-3)
                model.fit(scaler.transform(rows), labels)
                score = balanced_accuracy_score(answers, model.predict(scaler.transform(asked)))
                found.append((f"probe, {side} px, {views} views, C {strength:g}", float(score)))
    return found


def fine_tuning(train: ImageSet, test: ImageSet, side: int, rate: float, seed: int = 0) -> tuple[str, float]:
    """Live augmentation in every step, classes balanced, batch norms as they are."""
    torch.manual_seed(seed)
    layers = lite0.layers(lite0.pretrained_weights())
    frozen, last = nn.Sequential(*layers[:-TRAINED]).eval(), nn.Sequential(*layers[-TRAINED:])
    head = nn.Linear(lite0.FEATURES, len(train.classes))
    targets = torch.from_numpy(train.targets(train.classes))
    weights = 1 / torch.bincount(targets)[targets].double()
    parameters = [*last.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, STEPS + 1)
    for _ in range(STEPS):
        chosen = torch.multinomial(weights, BATCH, replacement=True)
        shown = augmented(torch.from_numpy(train.images[chosen.numpy()]).float() / 255)
        with torch.no_grad():
            activations = frozen(enlarged(shown, side))
        loss = F.cross_entropy(head(last(activations).mean(dim=(2, 3))), targets[chosen], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    whole = nn.Sequential(frozen, last).eval()
    with torch.no_grad():
        answers = head(torch.from_numpy(features(whole, test.images, side, 0))).argmax(dim=1).numpy()
    score = balanced_accuracy_score(test.targets(train.classes), answers)
    return f"fine-tuning, {side} px, rate {rate:g}", float(score)


def main(folders: Sequence[str]) -> None:
    for folder in folders:
        train, test = ImageSet.load(Path(folder) / "train"), ImageSet.load(Path(folder) / "test")
        chosen = np.random.default_rng(0).permutation(len(test))[:TEST_IMAGES]
        test = test.take(np.sort(chosen))
        print(f"{folder}: {len(train)} training images, {len(test)} test images, {train.images.shape[1:]}")
        rows = probe(train, test)
        for name, score in sorted(rows, key=lambda row: -row[1])[:5]:
            print(f"  {100 * score:5.1f}  {name}", flush=True)
        for rate in RATES:
            name, score = fine_tuning(train, test, SIDES[0], rate)
            print(f"  {100 * score:5.1f}  {name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
