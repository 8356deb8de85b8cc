"""Train one GAN per class on data/prepared/train and write models/."""

from pathlib import Path

from augment.data.imageset import ImageSet
from augment.data.slugs import slug
from augment.environment import environment
from augment.errors import TrainingError
from augment.files import write_csv, write_json
from augment.gan.bundle import load_generators, save_bundle
from augment.gan.classes import train_classes
from augment.gan.fit import GanResult
from augment.gan.networks import Architecture
from augment.gan.settings import class_training, workplace
from augment.gan.training import GanSettings
from augment.grids import write_grid
from augment.params import Params
from pipeline.common import MODELS, PREPARED, main

CURVE = ("step", "d_loss", "g_loss", "win_rate", "gap")
GRID_SAMPLES = 64


def train(params: Params) -> None:
    """All classes in one stage; a class that fails is named with its reason, and the rest goes on."""
    images = ImageSet.load(PREPARED / "train")
    place = workplace(params.compute)
    _, channels, height, width = images.images.shape
    training = class_training(
        params.train,
        images.classes,
        flips=params.ingest.flips,
        height=height,
        width=width,
        device=place.device,
    )
    (results,) = train_classes(images, training, [params.seed], place)
    if all(result.reason for result in results.values()):
        reasons = "\n".join(f"  {label}: {result.reason}" for label, result in results.items())
        raise TrainingError(f"every class's GAN failed:\n{reasons}\nLower train.learning_rate or raise train.gamma.")
    record = environment(place.device)
    for label, result in results.items():
        settings = training.classes[label]
        architecture = Architecture(settings.network, channels, height, width, settings.latent, settings.features)
        _write_class(MODELS / slug(label), label, architecture, settings, result, images.counts()[label], record)
    index = {
        label: {
            "slug": slug(label),
            "status": "failed" if result.reason else "trained",
            "reason": result.reason,
        }
        for label, result in results.items()
    }
    write_json(MODELS / "index.json", {"classes": index})
    for label, generator in load_generators(MODELS).items():
        write_grid(MODELS / slug(label) / "samples.png", generator.sample(GRID_SAMPLES, seed=params.seed).numpy())


def _write_class(
    folder: Path,
    label: str,
    architecture: Architecture,
    settings: GanSettings,
    result: GanResult,
    count: int,
    record: dict[str, str],
) -> None:
    write_csv(folder / "curve.csv", result.curve, CURVE)
    if result.reason:
        return
    summary = {
        "images": count,
        "steps": settings.steps,
        "loss": settings.loss,
        "precision": settings.precision,
        "rollbacks": len(result.rollbacks),
    }
    save_bundle(folder, label, architecture, result.generator, summary, record)


if __name__ == "__main__":
    main(train)
