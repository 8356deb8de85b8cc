"""Translators from arrays, without the pipeline."""

from typing import Literal

from augment import params
from augment.core.engine import Engine, standalone
from augment.core.errors import ArgumentError, TrainingError
from augment.data.arguments import short
from augment.data.imageset import ImageSet
from augment.gan.backend import backend_on
from augment.gan.generators import GeneratorSet
from augment.gan.settings import class_training
from augment.params import Params
from augment.params.types import Flips
from augment.synthesis.transplant.learning import learn_translators, translators_of
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants

CALL_NAME = "train_translators"  # whose arguments messages speak of


def train_translators(
    generators: GeneratorSet,
    train: ImageSet,
    *,
    normal: str | None = None,
    flips: Flips = "none",
    steps: int | Literal["auto"] = "auto",
    seed: int = 0,
) -> GeneratorSet:
    """The same generators, which draw their class's defects onto good images where such a translator is learnt.

    train: the images that the generators were trained on. normal: the class of good images; None: the one three times
    as large as every other. flips: how defects may be mirrored. steps: of the start that all classes share, and of each
    class; auto: 400, at most 40 for each image of a class. Takes minutes; equal arguments give equal translators.
    Raises TypeError or `ParamsError` for arguments that do not fit, `ArgumentError` for images of another size than the
    generators', `TrainingError` with the reason of each class where none learns one.

    >>> import augment
    >>> train = augment.ImageSet.load("data/prepared/train")
    >>> generators = augment.train_translators(augment.load_generators("models"), train)
    >>> generators["crack"].translate(train.of_class("good").images, seed=0).shape
    torch.Size([240, 1, 32, 32])
    >>> generators.save("models")  # translators too
    """
    checked = _checked(generators, train, normal, flips, steps, seed)
    settings, (_, _, height, side) = TransplantSettings("learned", flips, normal), train.images.shape
    training = class_training(checked.train, train.counts(), flips=flips, height=height, width=side, device="cpu")
    with standalone():
        backend = backend_on("cpu", Engine(), None, 30.0)
        (learnt,) = learn_translators([train], training, settings, [seed], [generators.keys()], backend)
    translators = translators_of(learnt)
    if not translators:
        with standalone():
            reasons = {one.label: one.reason for one in transplants(train, None, settings, seed)[1]}
        reasons |= {label: one.reason for label, one in learnt.items()}
        told = "; ".join(f"{label}: {reason or 'it has no generator'}" for label, reason in reasons.items())
        raise TrainingError(f"no class learnt to translate: {told}")
    return generators.with_translators(translators)


def _checked(generators: object, train: object, normal: object, flips: object, steps: object, seed: object) -> Params:
    """The arguments as settings. Raises TypeError, `ParamsError` or `ArgumentError`."""
    if not isinstance(generators, GeneratorSet):
        raise TypeError(f"generators must be a GeneratorSet, got {short(generators)}")
    if not isinstance(train, ImageSet):
        raise TypeError(f"train must be an ImageSet, got {short(train)}")
    checked = params.check(
        {
            "seed": seed,
            "ingest": {"flips": flips},
            "train": {"steps": steps},
            "generate": {"sources": "learned"},
            "evaluate": {"normal": normal},
        },
        CALL_NAME,
    )
    if checked.evaluate.normal not in (None, *train.classes):
        raise ArgumentError(f"normal is {normal!r}, and the classes are {train.classes}")
    shape = train.images.shape[1:]
    if any(one.shape != shape for one in generators.values()):
        raise ArgumentError(f"train has images {shape}, and the generators draw others")
    return checked
