"""`python -m benchmarks.questions` in a project with trained GANs: three questions, on all its training sets.

    all classes     do classes that all draw the same share of GAN images, rich ones too, gain over minority ones only?
    synthetic first do GAN images first and real ones then gain over both at once?
    like lenders    does latent transfer from the two majority classes that are most alike gain over any of them?

Each is asked of a network from scratch with RandAugment and of a probe; made images are a quarter from the class's GAN
and three quarters by latent transfer (majority classes: from their GANs alone), 400 of a class, without the filter.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from augment import params
from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.data.split.labelled import minority_classes
from augment.evaluation.arms.backbone_arms import BackboneFit, rows_of, run_backbone_fit, strengths_of
from augment.evaluation.arms.draws import with_synthetic_shares
from augment.evaluation.arms.seen import see_images
from augment.evaluation.experiment.experiment import further_generators
from augment.evaluation.experiment.settings import ExperimentSettings, arms_for, experiment_settings
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.gan.bundle import load_generators
from augment.gan.generators import GeneratorSet
from augment.gan.latent_transfer import LatentTransfer, latent_transfers
from augment.gan.settings import start_backend
from augment.measure.augmentations import randaugment
from augment.measure.classifiers import fit_classifier, probabilities, weighted_batches
from augment.measure.sampling import WeightedImages, class_balanced
from pipeline.experiment_files import load_prepared

MADE, BORROWED = 400, 0.75
LENDERS = 2
Images = NDArray[np.uint8]
ByLabel = Mapping[str, Images]
Unit = tuple[str, WeightedImages, WeightedImages, ImageSet, ImageSet, ExperimentSettings, int]
Ways = dict[str, WeightedImages]


def like(transfer: LatentTransfer) -> LatentTransfer:
    """With the donors alone whose mean latents are nearest to the class's."""
    gaps = [float((donor.mean(dim=0) - transfer.latents.mean(dim=0)).norm()) for donor in transfer.donors]
    return replace(transfer, donors=tuple(transfer.donors[at] for at in np.argsort(gaps)[:LENDERS]))


def made_images(train: ImageSet, generators: GeneratorSet, seed: int) -> tuple[ByLabel, ByLabel]:
    """Of every class, with any lender and with those that are alike."""
    assert generators.shared is not None
    transfers = latent_transfers(generators.shared, train, seed)
    any_lender, likely = {}, {}
    for label in train.classes:
        own = generators[label].sample(MADE, seed=seed).numpy()
        any_lender[label] = likely[label] = own
        if label in transfers:
            borrowed = int(BORROWED * MADE)
            for made, transfer in ((any_lender, transfers[label]), (likely, like(transfers[label]))):
                varied = transfer.sample(borrowed, seed=seed).numpy()
                made[label] = np.concatenate([own[borrowed:], varied])
    return any_lender, likely


def ways(train: ImageSet, generators: GeneratorSet, seed: int) -> Ways:
    """What each way draws; `first` is drawn in the first half of the steps alone."""
    real = class_balanced(train.images, train.targets(train.classes))
    any_lender, likely = made_images(train, generators, seed)
    minority = minority_classes(train.counts())

    def shares(made: Mapping[str, Images], share: float, labels: list[str]) -> WeightedImages:
        return with_synthetic_shares(real, train.classes, made, dict.fromkeys(labels, share))

    return {
        "real images": real,
        "half in minority classes": shares(any_lender, 0.5, minority),
        "half in all classes": shares(any_lender, 0.5, train.classes),
        "a third in all classes": shares(any_lender, 1 / 3, train.classes),
        "like lenders, half in minority classes": shares(likely, 0.5, minority),
        "synthetic first, then real": shares(any_lender, 1.0, train.classes),
    }


def from_scratch(unit: Unit) -> float:
    """Balanced accuracy of a small network that draws so, with RandAugment."""
    name, data, real, train, test, settings, seed = unit
    batch = weighted_batches(data, settings.batch_size)
    first = batch if name.startswith("synthetic first") else None
    shape = train.images.shape[1:]
    network = fit_classifier(
        weighted_batches(real, settings.batch_size) if first else batch, (shape[0], shape[1], shape[2]),
        len(train.classes), settings.fit, randaugment(settings.flips, shape[0], shape[1], shape[2]), seed, first,
    )  # fmt: skip
    return balanced_accuracy(probabilities(network, test.images), test, train.classes)


def balanced_accuracy(scores: NDArray[np.float64], test: ImageSet, classes: list[str]) -> float:
    targets, found = test.targets(classes), scores.argmax(axis=1)
    return 100 * float(np.mean([(found[targets == target] == target).mean() for target in np.unique(targets)]))


def table(title: str, rows: Mapping[str, list[float]]) -> None:
    print(f"{title}: balanced accuracy, and the difference from `half in minority classes` (± standard error)")
    reference = np.array(rows["half in minority classes"])
    for name, values in rows.items():
        difference = np.array(values) - reference
        error = difference.std(ddof=1) / np.sqrt(len(values))
        print(f"  {name:40} {np.mean(values):5.1f}  {difference.mean():+.1f} ± {error:.1f}", flush=True)


def main() -> None:
    chosen = params.load(Path("params.yaml"))
    splits, pool = load_prepared(chosen.evaluate)
    protocol, backend = prepared_protocol(splits, pool, chosen, False), start_backend(chosen.compute)
    delivered = [load_generators("models")] if protocol.first_is_delivered else []
    generators = [*delivered, *further_generators(protocol, chosen, backend)]
    first = protocol.first_splits.train
    settings = experiment_settings(chosen, arms_for(chosen.evaluate, *first.images.shape[2:]), first)
    repeats, torch_threads = protocol.replicates, torch.get_num_threads()
    torch.set_num_threads(1)
    drawn = [ways(one.splits.train, own, one.seed) for one, own in zip(repeats, generators, strict=True)]
    torch.set_num_threads(torch_threads)
    table(
        "probe",
        probes(drawn, [(one.splits.train, one.splits.test, one.seed) for one in repeats], settings, backend.engine),
    )
    units = [
        (name, data, own["real images"], one.splits.train, one.splits.test, settings, one.seed)
        for one, own in zip(repeats, drawn, strict=True)
        for name, data in own.items()
    ]
    found = iter(backend.engine.gather(from_scratch, units, "networks"))
    rows: dict[str, list[float]] = {name: [] for name in drawn[0]}
    for _ in repeats:
        for values in rows.values():
            values.append(next(found))
    table("network from scratch", rows)


def probes(
    drawn: list[Ways], sets: list[tuple[ImageSet, ImageSet, int]], settings: ExperimentSettings, engine: Engine
) -> dict[str, list[float]]:
    """A probe has no first half of steps, so that way is left out."""
    trains = [train for train, _, _ in sets]
    seen = see_images(trains, [sets[0][1].images], settings.look, engine)
    strengths = strengths_of(trains, seen, [seed for _, _, seed in sets], engine)
    names = [name for name in drawn[0] if not name.startswith("synthetic first")]
    rows: dict[str, list[float]] = {name: [] for name in names}
    units = []
    for own, (train, test, seed), strength in zip(drawn, sets, strengths, strict=True):
        for name in names:
            rows_seen, real, made = rows_of(own[name], train=train, seen=seen, augmented=True)
            units.append(BackboneFit("probe", "probe", seed, settings.look, seen.features, rows_seen, real, made,
                                     seen.plain(test.images), len(train.classes), len(train), strength))  # fmt: skip
    found = iter(engine.gather(run_backbone_fit, units, "probes"))
    for _, test, _ in sets:
        for name in names:
            rows[name].append(balanced_accuracy(next(found), test, trains[0].classes))
    seen.close()
    return rows


if __name__ == "__main__":
    main()
