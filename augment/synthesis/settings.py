"""From params.yaml to how many samples are made, and to the settings of the class filter."""

from augment.data.imageset import ImageSet
from augment.measure.classifiers import LARGE_FROM_PX, FitSettings
from augment.params import Generate, Params
from augment.synthesis.filter import FilterSettings

MIN_SAMPLES_PER_CLASS, MAX_SAMPLES_PER_CLASS = 200, 2000  # samples of a class
MAX_SAMPLES = 20_000  # of all classes: about half of what a classifier of 1200 steps could draw
MAX_VALUES = 20_000_000  # in all of them, which bounds memory; but `MIN_SAMPLES_PER_CLASS` at least


def samples_per_class(settings: Generate, train: ImageSet) -> int:
    """How many samples of each class are wanted; with 2000 a classifier of ten classes sees each once or twice.

    Below 16 px classifiers train for fewer steps and have less use of more.
    """
    if settings.per_class != "auto":
        return settings.per_class
    if min(train.images.shape[2:]) < LARGE_FROM_PX:
        return MIN_SAMPLES_PER_CLASS
    in_all = min(MAX_SAMPLES, MAX_VALUES // int(train.images[0].size))
    return min(MAX_SAMPLES_PER_CLASS, max(MIN_SAMPLES_PER_CLASS, in_all // len(train.classes)))


def filter_settings(params: Params) -> FilterSettings:
    """The filter's classifiers learn as the evaluation's do, for fewer steps."""
    return FilterSettings(
        folds=params.generate.folds,
        accept=params.generate.accept,
        fit=FitSettings(params.generate.filter_steps, params.evaluate.learning_rate),
        batch_size=params.evaluate.batch_size,
        flips=params.ingest.flips,
    )
