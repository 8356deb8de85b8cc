"""What would stop `generate` and `evaluate`, asked before any GAN is trained for them."""

from pathlib import Path

from augment.evaluation.external import check_apart, read
from augment.evaluation.provenance import gate_beside
from augment.evaluation.replicates import Splits
from augment.evaluation.settings import check_extras, check_primary
from augment.gan.settings import has_pinned_base
from augment.params import Params
from augment.synthesis.filter import cut


def check_beforehand(splits: Splits, params: Params) -> None:
    """Raises `ParamsError` and `DataError` as they would for settings, groups and external images of no use."""
    check_extras(params.evaluate)
    check_primary(splits, params.evaluate)
    train = splits.train
    cut(train.targets(train.classes), train.groups, params.generate.folds, params.seed)  # as the class filter will
    gate_beside(has_pinned_base(params.train), params.evaluate)
    folder = Path(params.evaluate.external)
    if not folder.is_dir():  # a project without the later stages needs none
        return
    external = read(folder, params.ingest, splits.train.classes, splits.train.images.shape[1:])
    if external is not None:
        check_apart(external, [splits.train, splits.val])
