"""From params.yaml to the settings of the comparison."""

from augment.core.errors import ParamsError
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.experiment import ExperimentSettings
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.statistics.recall_at_fpr import check_false_alarm_rate
from augment.measure.classifiers import LARGE_FROM_PX, FitSettings
from augment.measure.imagenet import require_weights
from augment.params import Evaluate, Params
from augment.params.arms import PRETRAINED_ARM
from augment.synthesis.filter import fold_positions
from augment.synthesis.settings import filter_settings, samples_per_class

CLASSIFIER_STEPS, TINY_CLASSIFIER_STEPS = 1200, 400


def experiment_settings(params: Params, train: ImageSet) -> ExperimentSettings:
    """What is equal for all arms and repeats, of which each has a training set like this one."""
    return ExperimentSettings(
        arms=params.evaluate.arm_names,
        wanted=samples_per_class(params.generate, train),
        oversample=params.generate.oversample,
        filter=filter_settings(params),
        fit=FitSettings(classifier_steps(params.evaluate, *train.images.shape[2:]), params.evaluate.learning_rate),
        batch_size=params.evaluate.batch_size,
        flips=params.ingest.flips,
        transfer_share=params.generate.borrowed,
        base_augmentation="classical" if params.evaluate.augmentation == "auto" else params.evaluate.augmentation,
    )


def classifier_steps(settings: Evaluate, height: int, width: int) -> int:
    """Steps of one classifier. With too few of them real images alone look better than they are beside more images."""
    if settings.steps != "auto":
        return settings.steps
    return CLASSIFIER_STEPS if min(height, width) >= LARGE_FROM_PX else TINY_CLASSIFIER_STEPS


def check_primary(splits: Splits, settings: Evaluate) -> None:
    """Stop before anything is trained when the primary metric cannot be had from this test set."""
    if settings.normal is None:
        return
    classes = splits.train.classes
    if settings.normal not in classes:
        raise ParamsError(f"params.yaml: evaluate.normal: no class {settings.normal!r}; there are {', '.join(classes)}")
    normal, test = classes.index(settings.normal), splits.test
    check_false_alarm_rate(test.targets(classes), test.groups, normal, settings.normal, settings.false_alarm_rate)


def check_held_out(splits: Splits, params: Params) -> None:
    """Stop before anything is trained when the class filter could hold nothing out of these training images."""
    fold_positions(splits.train.targets(splits.train.classes), splits.train.groups, params.generate.folds, params.seed)


def check_installed(settings: Evaluate) -> None:
    """Stop before anything is trained when something is asked for that is not installed. Raises `ParamsError`."""
    if PRETRAINED_ARM in settings.arm_names:
        require_weights(f"params.yaml: evaluate.arms: {PRETRAINED_ARM}")
    if settings.second_classifier == "imagenet":
        require_weights("params.yaml: evaluate.second_classifier: imagenet")
