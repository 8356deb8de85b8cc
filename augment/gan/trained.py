"""From finished training to generators, without a folder."""

from augment.core.environment import environment
from augment.data.imageset import ImageSet
from augment.gan.generators import ClassGenerator, GeneratorSet, network_from
from augment.gan.per_class import ClassTraining, TrainedClasses
from augment.gan.training.run import GanResult
from augment.gan.training.step import GanSettings


def generators_from(images: ImageSet, training: ClassTraining, trained: TrainedClasses, device: str) -> GeneratorSet:
    """The generators of one seed; images: those trained on, device: where."""
    trained_in = environment(device)
    made = {
        label: _generator(label, images.of_class(label), training.classes[label], result, trained_in)
        for label, result in trained.classes.items()
        if not result.reason
    }
    failed = {label: result.reason for label, result in trained.classes.items() if result.reason}
    if training.shared is None or trained.shared is None:
        return GeneratorSet(made, failed)
    return GeneratorSet(made, failed, shared=_generator("shared", images, training.shared, trained.shared, trained_in))


def _generator(
    label: str, images: ImageSet, settings: GanSettings, result: GanResult, trained_in: dict[str, str]
) -> ClassGenerator:
    """images: those that this GAN was trained on, of which its manifest holds a fingerprint."""
    summary: dict[str, str | int | float] = {
        "images": len(images),
        "images_sha256": images.fingerprint(),
        "steps": settings.steps,
        "loss": settings.loss,
        "precision": settings.precision,
        "augmentation": result.history[-1]["augmentation"],
        "rollbacks": len(result.rollbacks),
        "leaks": "; ".join(result.leaks),
    }
    network = network_from(settings.architecture(*images.images.shape[1:]), result.generator)
    return ClassGenerator(label, network, summary, trained_in)
