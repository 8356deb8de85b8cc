"""Canaries of tables: generators that replay test rows are found, those that replay train are not."""

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.data.rows.encoding import Encoded, Encoding
from augment.data.rows.rowset import RowSet, unmistakable
from augment.data.rows.wording import errors_in_rows
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.evaluation.rows.audit import audit_rows
from augment.evaluation.rows.repeats import RepeatRows
from augment.evaluation.samples.leakage import Nearness, require_no_leak
from augment.synthesis.row_selection import RowCandidates
from tests.rows import toy_rows

COUNTS = {"bolt": 40, "nut": 40}


def sides(seed: int = 0) -> Splits[RowSet]:
    return Splits(*(toy_rows(COUNTS, 10 * seed + at, name) for at, name in enumerate(("train", "val", "test"))))


def candidates(label: str, encoded: Encoded) -> RowCandidates:
    none = np.zeros(len(encoded))
    return RowCandidates(label, encoded, none, 0.0, none > 0, none.astype(np.int64), none, 0.0, none.astype(np.str_))


def audited(protocol: Protocol[RowSet], *samples: RowSet) -> list[Nearness]:
    repeats = []
    for replicate, made in zip(protocol.replicates, samples, strict=True):
        train = replicate.splits.train
        encoding = Encoding.of(train.schema, train.values)
        drawn = {label: candidates(label, encoding.encode(made.of_class(label).values)) for label in made.classes}
        repeats.append(RepeatRows(replicate, encoding, {}, drawn, {}, {}))
    return audit_rows(protocol, repeats)


def replayed(rows: RowSet, times: int = 5) -> RowSet:
    """What generators make that know these rows by heart, and add a little noise to lengths and masses."""
    values = np.repeat(rows.values, times, axis=0)
    values[:, [0, 2]] *= 1 + 0.01 * np.random.default_rng(0).standard_normal((len(values), 2))
    return RowSet(rows.schema, values, *(np.repeat(part, times) for part in (rows.labels, rows.groups, rows.sources)))


def leaks(splits: Splits[RowSet], made: RowSet) -> dict[str, bool]:
    return {row.control: row.leak for row in audited(paired_seeds(splits, [0]), made)}


def test_generators_that_saw_test_are_found() -> None:
    splits = sides()
    assert leaks(splits, replayed(splits.test)) == {"train": True, "val": True}
    both = splits.train.joined([splits.test])
    assert leaks(splits, replayed(both)) == {"train": False, "val": True}


def test_generators_that_replay_train_or_val_or_are_honest_pass() -> None:
    splits = sides()
    for made in (replayed(splits.train), splits.train, toy_rows({"bolt": 200, "nut": 200}, 99)):
        assert leaks(splits, made) == {"train": False, "val": False}
    assert not any(leaks(splits, replayed(splits.val)).values())


def test_every_repeat_is_asked_and_one_that_leaks_is_named() -> None:
    splits = sides()
    rows = audited(paired_seeds(splits, [3, 4]), toy_rows({"bolt": 99, "nut": 99}, 99), replayed(splits.test))
    assert [(row.seed, row.control, row.leak) for row in rows] == [
        (0, "train", False), (0, "val", False), (1, "train", True), (1, "val", True),
    ]  # fmt: skip
    said = pytest.raises(DataError, match=r"synthetic rows of seed 1 lie nearer to test rows .* ingest\.group_column")
    with said, errors_in_rows():
        require_no_leak(rows)


def test_honest_samples_are_as_often_suspect_as_p_says() -> None:
    """Test against val, between which honest samples cannot tell: about a tenth of 100 p lie below 0.1."""
    found = [audited(paired_seeds(sides(seed), [0]), toy_rows(COUNTS, 5000 + seed))[1].p or 0 for seed in range(1, 101)]
    assert 1 <= sum(p < 0.1 for p in found) <= 23  # 10 expected, with a standard deviation of 3


def test_only_numbers_of_many_digits_that_train_lacks_are_unmistakable() -> None:
    train, other = toy_rows(COUNTS, 0), toy_rows(COUNTS, 1)
    assert unmistakable(other, train).all(), "the mass is not rounded"
    assert not unmistakable(train, train).any()
    known = other.values.copy()
    known[0, 2], known[1, 2] = train.values[5, 2], np.nan
    changed = RowSet(other.schema, known, other.labels, other.groups, other.sources)
    assert unmistakable(changed, train).tolist() == [False, False, *[True] * (len(other) - 2)]
