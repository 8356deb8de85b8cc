"""Write data/augmented/ of a table: one file for each side, with what the evaluation chose of the synthetic rows."""

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from augment.core.files import read_json, write_bytes, write_csv, write_json
from augment.core.seeds import numpy_rng
from augment.data.checksums import write_checksums
from augment.data.rows.encoding import Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.arms.draws import WEIGHT_DECIMALS
from augment.evaluation.rows.draws import rows_of_arm
from augment.params import Params
from augment.params.arms import BALANCED_ARM, ROW_OF, Arm, family_of
from pipeline.common import AUGMENTED, EXPERIMENT, METRICS, PREPARED, SYNTHETIC

MADE = ("raw", "filtered")  # what files can hold; rows that only the evaluation makes stay behind


def assemble_rows(params: Params) -> None:
    """Ready to train on: the user's columns, `synthetic` (0 or 1), and a weight for a sampler or a loss."""
    policy = read_json(METRICS, ["policy"])["policy"]
    base: Arm | None = read_json(EXPERIMENT / "experiment.json", ["base"])["base"]
    arm: Arm = {"chosen": policy, "real": base or BALANCED_ARM}.get(params.assemble.use, params.assemble.use)
    train, kept = RowSet.load(PREPARED / "train"), RowSet.load(SYNTHETIC / "kept")
    rows, weights = delivered_rows(arm, train, kept, params.seed)
    made = np.arange(len(rows)) >= len(train)
    names = [write_side("train", rows, made, weights)]
    for side in ("val", "test"):
        held_out = RowSet.load(PREPARED / side)
        names.append(write_side(side, held_out, np.zeros(len(held_out), bool), np.ones(len(held_out))))
    recipe = {"classes": train.classes, "label": train.schema.label, "arm": arm, "family": family_of(arm, base),
              "real": len(train), "synthetic": int(made.sum())}  # fmt: skip
    write_json(AUGMENTED / "recipe.json", recipe)
    write_checksums(AUGMENTED, [*names, "recipe.json"])


def delivered_rows(arm: Arm, train: RowSet, kept: RowSet, seed: int) -> tuple[RowSet, NDArray[np.float64]]:
    """What an arm leaves in files: training rows in their order, then samples class by class; weights 1 on average."""
    encoding = Encoding.of(train.schema, train.values)
    of_class: Mapping[str, RowSet] = {label: kept.of_class(label) for label in kept.classes}
    drawn = of_class if ROW_OF[arm].source in MADE else {}
    made = {label: encoding.encode(rows.values) for label, rows in drawn.items()}
    targets = train.targets(train.classes)
    data = rows_of_arm(
        arm, encoding.encode(train.values), targets, train.classes, made, numpy_rng(seed, "repeats", arm)
    )
    added = data.targets[len(train) :]
    sides = [drawn[train.classes[index]] for index in dict.fromkeys(added.tolist())]
    weights = (data.weights * len(data.weights)).round(WEIGHT_DECIMALS)
    return train.joined(sides), weights


def write_side(
    side: str,
    rows: RowSet,
    made: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> str:
    """One file: CSV of a table, .npz of vectors. Returns its name."""
    if rows.schema.form == "vectors":
        stream = io.BytesIO()
        arrays = {
            "x": rows.values.astype(np.float32),
            "y": rows.labels,
            "synthetic": made.astype(np.int8),
            "weight": weights,
        }
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        write_bytes(AUGMENTED / f"{side}.npz", stream.getvalue())
        return f"{side}.npz"
    schema = rows.schema
    synthetic_name, weight_name = schema.added
    columns = [schema.label, *(column.name for column in schema.columns), synthetic_name, weight_name]
    lines = (
        {schema.label: label, **schema.texts(row), synthetic_name: int(is_made), weight_name: weight}
        for label, row, is_made, weight in zip(
            rows.labels.tolist(), rows.values.tolist(), made, weights.tolist(), strict=True
        )
    )
    write_csv(AUGMENTED / f"{side}.csv", lines, columns)
    return f"{side}.csv"
