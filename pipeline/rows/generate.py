"""Sample every generator of rows, select, and write data/synthetic/."""

from collections.abc import Iterator

import numpy as np

from augment.core.errors import BundleError
from augment.core.files import write_csv
from augment.data.checksums import write_checksums
from augment.data.rows.encoding import Encoding
from augment.data.rows.rowset import RowSet
from augment.gan.bundle import load_generators
from augment.gan.rows.generators import RowGenerators
from augment.gan.settings import start_backend
from augment.params import Params
from augment.synthesis.judged import judgement
from augment.synthesis.row_selection import RowCandidates, choose_rows
from pipeline.common import MODELS, PREPARED, SYNTHETIC

COLUMNS = (
    "label", "seed", "index", "probability", "threshold", "other_class", "nearest_train", "nearest_distance",
    "copy_threshold", "kept", "reason",
)  # fmt: skip


def generate_rows(params: Params) -> None:
    """Every candidate has a line in manifest.csv; the kept ones are a set of rows, and a table for people."""
    start_backend(params.compute)
    train, generators = RowSet.load(PREPARED / "train"), load_row_models()
    encoding = Encoding.of(train.schema, train.values)
    candidates = choose_rows(train, encoding, generators, params.seed, params.generate)
    kept = kept_rows(train, encoding, candidates)
    kept.save(SYNTHETIC / "kept")
    table = [{train.schema.label: label, **train.schema.texts(row)}
             for label, row in zip(kept.labels.tolist(), kept.values.tolist(), strict=True)]  # fmt: skip
    names = [train.schema.label, *(column.name for column in train.schema.columns)]
    write_csv(SYNTHETIC / "rows.csv", table, names)
    lines = [line for found in candidates.values() for line in _lines(found, params.seed)]
    write_csv(SYNTHETIC / "manifest.csv", lines, COLUMNS)
    write_checksums(SYNTHETIC, ["manifest.csv", "rows.csv"])


def load_row_models() -> RowGenerators:
    """models/, which must be of rows. Raises `BundleError`."""
    found: object = load_generators(MODELS)
    if not isinstance(found, RowGenerators):
        raise BundleError(f"{MODELS}: it holds generators of images, and data/prepared holds rows. Run `dvc repro`.")
    return found


def kept_rows(train: RowSet, encoding: Encoding, candidates: dict[str, RowCandidates]) -> RowSet:
    """The kept samples of all classes as a set of rows, in order."""
    parts = [
        (label, encoding.decode(found.kept), np.flatnonzero(found.reason == "")) for label, found in candidates.items()
    ]
    labels = np.array([label for label, values, _ in parts for _ in values], dtype=np.str_)
    names = np.array([f"{label}/{index}" for label, _, places in parts for index in places], dtype=np.str_)
    values = np.concatenate([values for _, values, _ in parts])
    return RowSet(train.schema, values, labels, names, names)


def _lines(found: RowCandidates, seed: int) -> Iterator[dict[str, object]]:
    for index in range(len(found.reason)):
        yield {"label": found.label, "seed": seed, "index": index, **judgement(found, index)}
