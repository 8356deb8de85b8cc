"""Train one GAN per class on the rows of data/prepared/train and write models/."""

from augment.core.errors import TrainingError
from augment.core.files import slug, write_csv
from augment.core.progress import say
from augment.data.rows.rowset import RowSet
from augment.gan.rows.making import made_generators
from augment.gan.settings import start_backend
from augment.gan.training.run import HISTORY_COLUMNS
from augment.params import Params
from pipeline.common import MODELS, PREPARED


def train_rows(params: Params) -> None:
    """All classes in one process, which takes seconds; a class that fails is named with its reason."""
    start_backend(params.compute)
    generators, trained = made_generators(RowSet.load(PREPARED / "train"), params.train, params.seed)
    if not generators:
        reasons = "\n".join(f"  {label}: {reason}" for label, reason in generators.failed.items())
        raise TrainingError(f"every class's GAN failed:\n{reasons}\nLower train.learning_rate or change train.gamma.")
    for label, reason in generators.failed.items():
        say(f"train: the GAN of class {label!r} failed: {reason}. It gets no synthetic rows")
    generators.save(MODELS)
    for label in generators:
        write_csv(MODELS / slug(label) / "curve.csv", trained.history[label], HISTORY_COLUMNS)
        sample = generators[label]
        rows = [sample.encoding.schema.texts(row) for row in sample.rows(64, seed=params.seed).tolist()]
        names = [column.name for column in sample.encoding.schema.columns]
        write_csv(MODELS / slug(label) / "samples.csv", rows, names)
