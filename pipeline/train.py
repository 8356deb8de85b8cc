"""Train one GAN per class on data/prepared/train and write models/."""

from dataclasses import replace

from augment.data.imageset import ImageSet
from augment.data.slugs import slug
from augment.environment import environment
from augment.errors import TrainingError
from augment.files import write_csv
from augment.gan.bundle import (
    ClassGenerator,
    architecture_for,
    generators_from,
    network_from,
    training_summary,
)
from augment.gan.classes import ClassTraining, Workplace, train_classes, train_shared
from augment.gan.fit import Start
from augment.gan.settings import training_for, workplace
from augment.grids import write_grid
from augment.params import Params
from pipeline.common import MODELS, PREPARED, main
from pipeline.start import echo

CURVE = ("step", "d_loss", "g_loss", "win_rate", "gap", "augmentation")
GRID_SAMPLES = 64


def train(params: Params) -> None:
    """All classes in one stage; a class that fails is named with its reason, and the rest goes on."""
    images = ImageSet.load(PREPARED / "train")
    place = workplace(params.compute)
    training = training_for(images, params.train, flips=params.ingest.flips, device=place.device)
    if training.base is not None:
        echo(f"train: every class starts from the generator in {params.train.base}")
    training, shared = start_shared(images, training, params.seed, place)
    (results,) = train_classes(images, training, [params.seed], place)
    if all(result.reason for result in results.values()):
        reasons = "\n".join(f"  {label}: {result.reason}" for label, result in results.items())
        raise TrainingError(f"every class's GAN failed:\n{reasons}\nLower train.learning_rate or change train.gamma.")
    generators = generators_from(images, training.classes, results, place.device, shared)
    generators.save(MODELS)
    for label, result in results.items():
        write_csv(MODELS / slug(label) / "curve.csv", result.curve, CURVE)
    for label, generator in generators.items():
        write_grid(MODELS / slug(label) / "samples.png", generator.sample(GRID_SAMPLES, seed=params.seed).numpy())


def start_shared(
    images: ImageSet, training: ClassTraining, seed: int, place: Workplace
) -> tuple[ClassTraining, ClassGenerator | None]:
    """Train the shared GAN, if one is wanted, and let every class start from it; models/ keeps its generator."""
    settings = training.shared
    if settings is None:
        return training, None
    result = train_shared(images, training, [seed], place)[seed]
    network = network_from(architecture_for(images, settings), result.generator)
    summary = training_summary(settings, result, images)
    shared = ClassGenerator("shared", network, summary, environment(place.device))
    return replace(training, shared=None, base=Start(result.generator, result.discriminator)), shared


if __name__ == "__main__":
    main(train)
