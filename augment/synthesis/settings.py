"""From params.yaml to the settings of the class filter."""

from augment.measure.classifiers import FitSettings
from augment.params import Params
from augment.synthesis.filter import FilterSettings


def filter_settings(params: Params) -> FilterSettings:
    """The filter's classifiers learn as the evaluation's do, for fewer steps."""
    return FilterSettings(
        folds=params.generate.folds,
        accept=params.generate.accept,
        fit=FitSettings(params.generate.filter_steps, params.evaluate.learning_rate),
        batch_size=params.evaluate.batch_size,
        flips=params.ingest.flips,
    )
