"""From training rows and `train:` of params.yaml to generators that users hold."""

from augment.core.environment import environment
from augment.data.rows.encoding import Encoding
from augment.data.rows.rowset import RowSet
from augment.gan.rows.generators import RowGenerator, RowGenerators
from augment.gan.rows.settings import row_settings
from augment.gan.rows.training import TrainedRows, train_rows
from augment.params import Train


def generators_of(train: RowSet, settings: Train, seed: int) -> RowGenerators:
    """Train the GANs of these rows. Raises as `row_settings` and `train_rows` do."""
    return made_generators(train, settings, seed)[0]


def made_generators(train: RowSet, settings: Train, seed: int) -> tuple[RowGenerators, TrainedRows]:
    """The same, with what came of each run."""
    encoding, resolved = Encoding.of(train.schema, train.values), row_settings(settings, train.counts())
    trained = train_rows(train, encoding, resolved, seed)
    generators = {
        label: RowGenerator(
            label, network, encoding,
            {"steps": resolved.steps[label], "loss": resolved.loss, "gamma": resolved.gamma, "seed": seed,
             "rows": train.counts()[label], "rollbacks": "; ".join(trained.rollbacks[label]),
             "rows_sha256": train.of_class(label).fingerprint()},
            environment("cpu"),
        )
        for label, network in trained.generators.items()
    }  # fmt: skip
    return RowGenerators(generators, trained.failed, train.classes), trained
