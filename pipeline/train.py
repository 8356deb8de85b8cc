"""Train one GAN per class on data/prepared/train and write models/."""

from augment.core.errors import TrainingError
from augment.core.files import slug, write_csv
from augment.core.grids import write_grid
from augment.core.progress import say
from augment.data.imageset import ImageSet
from augment.evaluation.cost.disk import gan_needs
from augment.gan.per_class import Backend, ClassTraining, generators_from, train_classes
from augment.gan.settings import start_backend, training_for
from augment.gan.training.run import HISTORY_COLUMNS
from augment.gan.translate.translator import Translator
from augment.params import Params
from augment.project.disk_space import require_space
from augment.synthesis.transplant.learning import learn_translators, translators_of
from augment.synthesis.transplant.settings import transplant_settings
from pipeline.common import MODELS, PREPARED, main
from pipeline.room import samples_and_delivery

GRID_SAMPLES = 64
TRANSLATOR_COLUMNS = ("label", "learned", "diversity", "reason")


def train(params: Params) -> None:
    """All classes in one stage; a class that fails is named with its reason, and the rest goes on."""
    images = ImageSet.load(PREPARED / "train")
    backend = start_backend(params.compute)
    training = training_for(images, params.train, flips=params.ingest.flips, device=backend.device)
    if training.pinned_start is not None:
        say(f"train: every class starts from the generator in {params.train.base}")
    of_all = (images.images.shape[1:], images.counts(), params)
    at_once = len(images.classes) if backend.stacked else backend.engine.processes
    require_space([*gan_needs(*of_all, at_once, delivered=True), *samples_and_delivery(images, params)])
    (trained,) = train_classes(images, training, [params.seed], backend)
    generators = generators_from(images, training, trained, backend.device)
    if not generators:
        reasons = "\n".join(f"  {label}: {reason}" for label, reason in generators.failed.items())
        raise TrainingError(f"every class's GAN failed:\n{reasons}\nLower train.learning_rate or change train.gamma.")
    for label, reason in generators.failed.items():
        say(f"train: the GAN of class {label!r} failed: {reason}. It gets no synthetic images of its own")
    generators.with_translators(learn(images, training, params, backend)).save(MODELS)
    for label, result in trained.classes.items():
        write_csv(MODELS / slug(label) / "curve.csv", result.history, HISTORY_COLUMNS)
    for label, generator in generators.items():
        write_grid(MODELS / slug(label) / "samples.png", generator.sample(GRID_SAMPLES, seed=params.seed).numpy())


def learn(images: ImageSet, training: ClassTraining, params: Params, backend: Backend) -> dict[str, Translator]:
    """The translators of the classes that are to have one, and models/translators.csv, where any are."""
    (learnt,) = learn_translators([images], training, transplant_settings(params), [params.seed], backend)
    for label, one in learnt.items():
        if one.reason:
            say(f"train: no translator of class {label!r}: {one.reason}. Its defects are carried as they are")
    if learnt:
        rows = [
            {"label": label, "learned": int(not one.reason), "diversity": round(one.diversity, 3),
             "reason": one.reason or one.ended}
            for label, one in learnt.items()
        ]  # fmt: skip
        write_csv(MODELS / "translators.csv", rows, TRANSLATOR_COLUMNS)
    return translators_of(learnt)


if __name__ == "__main__":
    main(train, MODELS)
