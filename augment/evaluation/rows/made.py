"""Rows that arms draw beside real ones and that no GAN made, in the form that classifiers see."""

import warnings
from collections.abc import Callable, Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.rows.encoding import Encoded, Encoding
from augment.params.arm_row import Source

Made = dict[str, Encoded]  # label -> rows
Targets = NDArray[np.int64]
SMOTE_NEIGHBOURS = 5
JITTER = 0.1  # deviations of each number by which a copy differs from its row
BORROWED_SHARE = 0.5  # of a difference between two rows of another class
LEVELS_MOVED = 0.2  # of the categories of a varied row, drawn anew


def made_rows(
    sources: Collection[Source], encoding: Encoding, rows: Encoded, targets: Targets, classes: list[str], count: int,
    filtered: Mapping[str, Encoded], seed: int,
) -> dict[Source, Made]:  # fmt: skip
    """Of every source that is asked for and no GAN's, `count` rows of each class, float32 (count, width).

    rows, targets: of train; filtered: the GANs' samples that passed the filter, of which `shuffled` has as many.
    """
    of_class = {label: rows[targets == index] for index, label in enumerate(classes)}
    makers: dict[Source, Callable[[], Made]] = {
        "copies": lambda: {label: jittered(own, encoding, count, numpy_rng(seed, "copies", label))
                           for label, own in of_class.items()},
        "smote": lambda: smote(encoding, rows, targets, classes, count, seed),
        "borderline": lambda: borderline(encoding, rows, targets, classes, count, seed),
        "differences": lambda: {label: borrowed(label, of_class, encoding, count, numpy_rng(seed, "borrowed", label))
                                for label in classes},
        "gaussian": lambda: gaussian(of_class, encoding, count, seed),
        "shuffled": lambda: shuffled(filtered, seed),
        "noise": lambda: {label: noise(encoding, count, numpy_rng(seed, "noise", label)) for label in classes},
    }  # fmt: skip
    return {source: make() for source, make in makers.items() if source in sources}


def jittered(rows: Encoded, encoding: Encoding, count: int, rng: np.random.Generator) -> Encoded:
    """Rows of the class, each number moved a little; categories stay."""
    made = rows[rng.integers(len(rows), size=count)].copy()
    made[:, : encoding.numeric] += JITTER * rng.standard_normal((count, encoding.numeric)).astype(np.float32)
    return made


def smote(encoding: Encoding, rows: Encoded, targets: Targets, classes: list[str], count: int, seed: int) -> Made:
    """SMOTE (Chawla et al. 2002), SMOTENC where there are categories, by imbalanced-learn. A class of one row gives
    copies of it."""
    from imblearn.over_sampling import SMOTE, SMOTENC  # noqa: PLC0415  (an extra)

    mixed = to_codes(encoding, rows)
    places = list(range(encoding.numeric, mixed.shape[1]))
    made = {}
    for index, label in enumerate(classes):
        size = int((targets == index).sum())
        if size < 2:
            made[label] = np.repeat(rows[targets == index], count, axis=0)
            continue
        options = {"sampling_strategy": {index: size + count}, "k_neighbors": min(SMOTE_NEIGHBOURS, size - 1),
                   "random_state": derive_seed(seed, "smote", label) % 2**32}  # fmt: skip
        all_categories = not encoding.numeric
        sampler = SMOTENC(places, **options) if places and not all_categories else SMOTE(**options)
        made[label] = _drawn(sampler, rows if all_categories else mixed, targets, index, encoding, all_categories)
    return made


def borderline(encoding: Encoding, rows: Encoded, targets: Targets, classes: list[str], count: int, seed: int) -> Made:
    """Borderline-SMOTE (Han et al. 2005): from rows of a class that others surround; none where no row is so. Levels
    are those of the larger share."""
    from imblearn.over_sampling import BorderlineSMOTE  # noqa: PLC0415  (an extra)

    made = {}
    for index, label in enumerate(classes):
        size = int((targets == index).sum())
        neighbours = min(SMOTE_NEIGHBOURS, size - 1)
        if neighbours < 1:
            continue
        sampler = BorderlineSMOTE(
            sampling_strategy={index: size + count}, k_neighbors=neighbours, m_neighbors=min(10, len(rows) - 1),
            random_state=derive_seed(seed, "borderline", label) % 2**32,
        )  # fmt: skip
        found = _drawn(sampler, rows, targets, index, encoding, True)
        if len(found):
            made[label] = found
    return made


def _drawn(
    sampler: object, rows: NDArray[np.float32], targets: Targets, index: int, encoding: Encoding, encoded: bool
) -> Encoded:
    """The rows of a class that a sampler of imbalanced-learn adds behind the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes without rows in danger, and of what becomes of types
        try:
            made, labels = sampler.fit_resample(rows, targets)  # type: ignore[attr-defined]
        except ValueError:  # fewer rows in danger than neighbours
            return rows[:0].astype(np.float32)
    added = np.asarray(made, np.float32)[len(rows) :][np.asarray(labels)[len(rows) :] == index]
    return one_level_each(encoding, added) if encoded else from_codes(encoding, added)


def borrowed(
    label: str, of_class: Mapping[str, Encoded], encoding: Encoding, count: int, rng: np.random.Generator
) -> Encoded:
    """Rows of the class, each plus a share of the difference of two rows of a larger class; of the largest its own."""
    own = of_class[label]
    donors = [other for name, other in of_class.items() if len(other) > len(own) and name != label] or [own]
    made = own[rng.integers(len(own), size=count)].copy()
    chosen = rng.integers(len(donors), size=count)
    for at, donor in enumerate(donors):
        mine = np.flatnonzero(chosen == at)
        pairs = rng.integers(len(donor), size=(2, len(mine)))
        change = (donor[pairs[0]] - donor[pairs[1]])[:, : encoding.numeric]
        made[mine, : encoding.numeric] += BORROWED_SHARE * change
    return _levels_moved(made, own, encoding, rng)


def _levels_moved(made: Encoded, own: Encoded, encoding: Encoding, rng: np.random.Generator) -> Encoded:
    """With some categories taken from another row of the class."""
    start = encoding.numeric
    for size in encoding.sizes:
        moved = np.flatnonzero(rng.random(len(made)) < LEVELS_MOVED)
        made[moved, start : start + size] = own[rng.integers(len(own), size=len(moved)), start : start + size]
        start += size
    return made


def gaussian(of_class: Mapping[str, Encoded], encoding: Encoding, count: int, seed: int) -> Made:
    """A normal distribution about each class's mean, with one covariance within classes (Ledoit and Wolf's), and
    categories at the class's shares, each by itself."""
    from sklearn.covariance import ledoit_wolf  # noqa: PLC0415  (an extra)

    numeric = encoding.numeric
    means = {label: rows[:, :numeric].mean(axis=0) for label, rows in of_class.items()}
    made = {label: np.zeros((count, encoding.width), np.float32) for label in of_class}
    if numeric:
        within = np.concatenate([rows[:, :numeric] - means[label] for label, rows in of_class.items()])
        values, vectors = np.linalg.eigh(ledoit_wolf(within, assume_centered=True)[0])
        root = vectors * np.sqrt(np.maximum(values, 0))
    for label, rows in of_class.items():
        rng = numpy_rng(seed, "gaussian", label)
        if numeric:
            made[label][:, :numeric] = means[label] + rng.standard_normal((count, numeric)) @ root.T
        start = numeric
        for size in encoding.sizes:
            made[label][:, start : start + size] = rows[rng.integers(len(rows), size=count), start : start + size]
            start += size
    return made


def shuffled(samples: Mapping[str, Encoded], seed: int) -> Made:
    """The same rows under labels drawn at random; every label keeps its number of rows."""
    if not samples:
        return {}
    pooled = np.concatenate(list(samples.values()))
    order = numpy_rng(seed, "shuffled").permutation(len(pooled))
    parts = np.split(pooled[order], np.cumsum([len(rows) for rows in samples.values()])[:-1])
    return dict(zip(samples, parts, strict=True))


def noise(encoding: Encoding, count: int, rng: np.random.Generator) -> Encoded:
    """Independent normal numbers, and levels all equally often."""
    made = np.zeros((count, encoding.width), np.float32)
    made[:, : encoding.numeric] = rng.standard_normal((count, encoding.numeric))
    start = encoding.numeric
    for size in encoding.sizes:
        made[np.arange(count), start + rng.integers(size, size=count)] = 1
        start += size
    return made


def to_codes(encoding: Encoding, rows: Encoded) -> Encoded:
    """Numbers, then one number for each category: the place of its level. float32 (N, columns)."""
    codes = [block.argmax(axis=1)[:, None].astype(np.float32) for block in encoding.blocks(rows)]
    return np.concatenate([rows[:, : encoding.numeric], *codes], axis=1)


def from_codes(encoding: Encoding, mixed: Encoded) -> Encoded:
    """The way back: float32 (N, width)."""
    codes = mixed[:, encoding.numeric :].round().astype(np.int64)
    levels = [np.eye(size, dtype=np.float32)[code] for size, code in zip(encoding.sizes, codes.T, strict=True)]
    return np.concatenate([mixed[:, : encoding.numeric], *levels], axis=1)


def one_level_each(encoding: Encoding, rows: Encoded) -> Encoded:
    """Rows between others, whose categories become the level that has most."""
    return from_codes(encoding, to_codes(encoding, rows))
