"""Train one GAN per class on data/prepared/train, and one of words where they are described; write models/."""

import torch
from torch import Tensor

from augment.core.errors import TrainingError
from augment.core.files import slug, write_csv
from augment.core.grids import write_grid
from augment.core.progress import say
from augment.data.descriptions.kept import load_descriptions
from augment.data.imageset import ImageSet
from augment.data.rows.rowset import holds_rows
from augment.evaluation.cost.disk import gan_needs
from augment.gan.backend import Backend
from augment.gan.bundle_files import WORDS
from augment.gan.generators import GeneratorSet
from augment.gan.per_class import ClassTraining, generators_from, train_classes
from augment.gan.settings import start_backend, training_for
from augment.gan.training.run import HISTORY_COLUMNS
from augment.gan.translate.translator import Translator
from augment.gan.words.generator import WordGenerator
from augment.gan.words.training import train_words
from augment.params import Params
from augment.project.disk_space import require_space
from augment.synthesis.transplant.learning import learn_translators, translators_of
from augment.synthesis.transplant.settings import transplant_settings
from pipeline.common import MODELS, PREPARED, main
from pipeline.room import samples_and_delivery
from pipeline.rows.train import train_rows

GRID_SAMPLES, GRID_ROWS = 64, 8
TRANSLATOR_COLUMNS = ("label", "learned", "diversity", "reason")


def train(params: Params) -> None:
    """All classes in one stage; a class that fails is named with its reason, and the rest goes on."""
    if holds_rows(PREPARED / "train"):
        train_rows(params)
        return
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
    words = trained_words(images, params.seed)
    known = GeneratorSet(generators, generators.failed, generators.classes, generators.shared, words)
    known.with_translators(learn(images, training, known, params, backend)).save(MODELS)
    for label, gan in trained.classes.items():
        write_csv(MODELS / slug(label) / "curve.csv", gan.result.history, HISTORY_COLUMNS)
    for label, generator in generators.items():
        write_grid(MODELS / slug(label) / "samples.png", generator.sample(GRID_SAMPLES, seed=params.seed).numpy())
    if words is not None:
        write_grid(MODELS / WORDS / "samples.png", drawn_words(words, params.seed).numpy())


def trained_words(images: ImageSet, seed: int) -> WordGenerator | None:
    """The generator of words, None where the images have no descriptions, or where it fails, which is said."""
    descriptions = load_descriptions(PREPARED / "train", len(images))
    if descriptions is None:
        return None
    try:
        return train_words(images.images, descriptions, seed=seed)
    except TrainingError as error:
        say(f"train: words: {error}. There is no `draw`; all else goes on")
        return None


def drawn_words(words: WordGenerator, seed: int) -> Tensor:
    """uint8 (64, C, H, W): a row for each of eight training descriptions, or for each of those that there are."""
    descriptions = words.vocabulary.descriptions
    chosen = descriptions[:: -(-len(descriptions) // GRID_ROWS)]
    return torch.cat([words.sample(text, GRID_SAMPLES // GRID_ROWS, seed=seed) for text in chosen])


def learn(
    images: ImageSet, training: ClassTraining, known: GeneratorSet, params: Params, backend: Backend
) -> dict[str, Translator]:
    """The translators of the classes that are to have one, and models/translators.csv, where any are."""
    settings, drawn = transplant_settings(params), [known.keys()]
    (learnt,) = learn_translators([images], training, settings, [params.seed], drawn, backend)
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
