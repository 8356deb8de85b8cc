"""Whether a table's samples lie nearer to test than to other real rows: the audit of images, by encoded rows."""

from collections.abc import Sequence
from functools import partial

from augment.data.rows.encoding import Encoded, Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.rows.repeats import RepeatRows
from augment.evaluation.samples.leakage import Nearness, RealOfClass, nearness_rows, real_of_classes


def audit_rows(protocol: Protocol[RowSet], repeats: Sequence[RepeatRows]) -> list[Nearness]:
    """The rows of audit.csv, of every repeat; distances are those of the encoding that its train gives."""
    reals: dict[Splits[RowSet], dict[str, RealOfClass]] = {}
    rows: list[Nearness] = []
    for number, (planned, repeat) in enumerate(zip(protocol.replicates, repeats, strict=True)):
        splits, encoding = planned.splits, repeat.encoding
        if splits not in reals:  # equal train, equal encoding
            reals[splits] = real_of_classes(splits.sides(), partial(_encoded, encoding))
        made = {label: found.encoded for label, found in repeat.candidates.items()}
        rows += nearness_rows(made, reals[splits], number)
    return rows


def _encoded(encoding: Encoding, rows: RowSet) -> Encoded:
    return encoding.encode(rows.values)
