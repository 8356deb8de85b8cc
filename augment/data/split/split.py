"""Train, val and test by class and by group, decided before anything is learned.

Groups are ranked by a hash of the seed, the class and the group's name. So a split does not depend on
the order of files, a new class changes no other class, and a larger draw contains a smaller one.
"""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.progress import MAX_PROBLEM_LINES, first_few, limited
from augment.core.seeds import derive_seed
from augment.data.sources.disk import shown
from augment.params import Ingest

Units = Mapping[str, Counter[str]]
"""Group name -> images of each class in it. A group is never divided between two splits."""

MIN_TRAIN_IMAGES = 2
_MIN_IMAGES_FOR_VAL = 5  # training images from which a class gives at least one to val


def split(
    labels: Sequence[str], groups: Sequence[str], declared: Sequence[str], ingest: Ingest, seed: int
) -> NDArray[np.str_]:
    """The split of every image: str (N,) of train, val, test, or "" for not used.

    labels, groups, declared: N texts each; declared is the split that a person declared, or "". Where any is declared,
    test is what they declared, val too where they declared any, and the rest is there to train from. With
    train_per_class, that many images of each class (where groups do not add up to it: fewer, but at least one group)
    become train and val, and the rest test. Raises `DataError` naming every class that cannot be split, and why.
    """
    units = units_of(labels, groups)
    wanted = _wanted(ingest.train_per_class, Counter(labels))
    declared_of_group = _declared(groups, declared)
    if any(declared_of_group.values()):
        assigned = _by_declaration(units, declared_of_group, wanted, ingest.val_fraction, seed)
    else:
        assigned = _by_draw(units, wanted, ingest.test_fraction, seed)
    assigned |= dict.fromkeys(_val(units, assigned, ingest.val_fraction, seed), "val")
    result = np.array([assigned.get(group, "") for group in groups], dtype="<U5")
    _require(np.asarray(labels), result)
    return _trim_test(np.asarray(labels), np.asarray(groups), result, ingest.test_max, seed)


def units_of(labels: Iterable[str], groups: Iterable[str]) -> dict[str, Counter[str]]:
    """The groups of images, N labels and N groups, in order of their first image."""
    units: dict[str, Counter[str]] = {}
    for label, group in zip(labels, groups, strict=True):
        units.setdefault(group, Counter())[label] += 1
    return units


def _wanted(train_per_class: int | Mapping[str, int] | None, counts: Counter[str]) -> dict[str, int] | None:
    """Images to draw of each class; every class named, and none that does not exist."""
    if train_per_class is None or isinstance(train_per_class, int):
        return None if train_per_class is None else dict.fromkeys(counts, train_per_class)
    unknown = [name for name in train_per_class if name not in counts]
    problems = [f"ingest.train_per_class: there is no class {name!r}; {nearest(name, counts)}" for name in unknown]
    if absent := [label for label in sorted(counts) if label not in train_per_class]:
        names = _listed(absent)
        problems.append(f"ingest.train_per_class: no number for {names}; name every class, or give one number")
    _raise(problems)
    return dict(train_per_class)


def nearest(name: str, classes: Collection[str]) -> str:
    """What a person who wrote `name` may have meant."""
    near = difflib.get_close_matches(name, classes, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the classes are {_listed(classes)}"


def _declared(groups: Sequence[str], declared_splits: Sequence[str]) -> dict[str, str]:
    """The one declared split of each group, "" where there is none."""
    declared: dict[str, str] = {}
    problems = []
    for group, name in zip(groups, declared_splits, strict=True):
        before = declared.setdefault(group, name)
        if before and name and before != name:
            advice = "put all of it into one split (meta.csv, or images.csv)"
            problems.append(f"group {group!r} is in {before} and in {name}; {advice}")
        declared[group] = before or name
    _raise(list(dict.fromkeys(problems)))
    return declared


def _by_draw(units: Units, wanted: Mapping[str, int] | None, test_fraction: float, seed: int) -> dict[str, str]:
    """Nobody declared a split: draw test, or draw the training images and test on the rest."""
    total = _count(units, units)
    if wanted is None:
        want = {label: max(1, _half_up(number * test_fraction)) for label, number in total.items()}
        test = draw_groups(units, want, dict.fromkeys(total, MIN_TRAIN_IMAGES), seed, "test")
        return {group: "test" if group in test else "train" for group in units}
    advice = "lower ingest.train_per_class or add images"
    _raise(
        f"class {shown(label)!r}: {wanted[label]} training images asked for, {number} usable images found, "
        f"and at least 1 must be left for test; {advice}"
        for label, number in sorted(total.items())
        if wanted[label] >= number
    )
    train = draw_groups(units, wanted, dict.fromkeys(total, 1), seed, "train")
    return {group: "train" if group in train else "test" for group in units}


def _by_declaration(
    units: Units, declared: Mapping[str, str], wanted: Mapping[str, int] | None, val_fraction: float, seed: int
) -> dict[str, str]:
    """The declared test stays the test; what train_per_class does not draw from the rest is not used."""
    assigned = {group: name or "train" for group, name in declared.items()}
    if wanted is None:
        return assigned
    sides = {name: {group: units[group] for group in units if assigned[group] == name} for name in ("train", "val")}
    available = _count(units, [*sides["train"], *sides["val"]])
    _raise(
        f"class {shown(label)!r}: {number} training images asked for, {available[label]} found outside the "
        "declared test; lower ingest.train_per_class"
        for label, number in sorted(wanted.items())
        if number > available[label]
    )
    nothing = dict.fromkeys(wanted, 0)
    val = draw_groups(sides["val"], {k: _val_count(n, val_fraction) for k, n in wanted.items()}, nothing, seed, "val")
    in_val = _count(units, val)
    rest = {label: number - in_val[label] for label, number in wanted.items()}
    train = draw_groups(sides["train"], rest, nothing, seed, "train")
    return {group: name for group, name in assigned.items() if name == "test" or group in val or group in train}


def _val(units: Units, assigned: Mapping[str, str], val_fraction: float, seed: int) -> set[str]:
    """Groups to move from train to val, for the classes that have no val yet."""
    pool = {group: units[group] for group, name in assigned.items() if name == "train"}
    settled = _count(units, (group for group, name in assigned.items() if name == "val"))
    total = _count(units, pool)
    want = {k: 0 if settled[k] else _val_count(number, val_fraction) for k, number in total.items()}
    leave = {k: max(MIN_TRAIN_IMAGES, min(number // 2, number - want[k])) for k, number in total.items()}
    return draw_groups(pool, want, leave, seed, "val")


def _val_count(number: int, val_fraction: float) -> int:
    min_val = 1 if number >= _MIN_IMAGES_FOR_VAL else 0
    return max(0, min(max(min_val, _half_up(number * val_fraction)), number - MIN_TRAIN_IMAGES))


def draw_groups(units: Units, want: Mapping[str, int], leave: Mapping[str, int], seed: int, purpose: str) -> set[str]:
    """Groups that add up to at most `want` images of each class and leave `leave` of each undrawn.

    Groups of several classes come first, up to their share of `want`, then each class fills up with
    groups of that class alone. A class that got none takes its smallest group, if `leave` allows.
    """
    total, drawn, taken = _count(units, units), set[str](), Counter[str]()

    def take(candidates: Collection[str], most: Mapping[str, int] | None) -> None:
        for group in candidates:
            after = {label: taken[label] + number for label, number in units[group].items()}
            fits = most is None or all(number <= most[label] for label, number in after.items())
            if fits and all(total[label] - number >= leave[label] for label, number in after.items()):
                drawn.add(group)
                taken.update(units[group])

    def rank(label: str) -> Callable[[str], int]:
        return lambda group: derive_seed(seed, "split", purpose, label, group)

    mixed = [group for group in units if len(units[group]) > 1]
    in_mixed = _count(units, mixed)
    take(sorted(mixed, key=rank("")), {k: _half_up(n * in_mixed[k] / total[k]) for k, n in want.items() if total[k]})
    pure: dict[str, list[str]] = {label: [] for label in total}
    for group, classes in units.items():
        if len(classes) == 1:
            pure[next(iter(classes))].append(group)
    for label in sorted(total):
        order = sorted(pure[label], key=rank(label))
        take(order, want)
        if not taken[label] and want[label]:
            everywhere = order or [group for group in mixed if label in units[group]]
            take(sorted(everywhere, key=lambda group: (units[group].total(), rank(label)(group)))[:1], None)
    return drawn


def _trim_test(
    labels: NDArray[np.str_], groups: NDArray[np.str_], result: NDArray[np.str_], test_max: int, seed: int
) -> NDArray[np.str_]:
    """Leave out test images beyond `test_max`, from each class in proportion, never the last one."""
    counts = Counter(labels[result == "test"].tolist())
    if counts.total() <= test_max:
        return result
    if test_max < len(counts):
        raise DataError(f"ingest.test_max: {test_max} is fewer than the {len(counts)} classes; set at least that many")
    trimmed = result.copy()
    for label, most in _proportional(counts, test_max).items():
        where = np.flatnonzero((labels == label) & (result == "test"))
        ranked = sorted(where, key=lambda i: derive_seed(seed, "split", "test_max", label, str(groups[i])))
        trimmed[ranked[most:]] = ""
    return trimmed


def _proportional(counts: Mapping[str, int], total: int) -> dict[str, int]:
    """`total` shared out by largest remainders, at least 1 to each."""
    spare, over = total - len(counts), sum(counts.values()) - len(counts)
    exact = {label: spare * (number - 1) / over for label, number in counts.items()}
    shares = {label: 1 + int(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (int(exact[label]) - exact[label], label))
    for label in by_remainder[: total - sum(shares.values())]:
        shares[label] += 1
    return shares


def _require(labels: NDArray[np.str_], result: NDArray[np.str_]) -> None:
    """Every class can be trained on and tested on."""
    images = {label: Counter(result[labels == label].tolist()) for label in sorted(set(labels.tolist()))}
    _raise(
        f"class {shown(label)!r}: the split would leave {of_split['train']} images to train on and {of_split['test']} "
        f"to test on; at least {MIN_TRAIN_IMAGES} and 1 are needed. Add images, make its groups smaller, or "
        "declare train and test images of it; `ingest.split: drawn` draws a split where the set's own lacks a class"
        for label, of_split in images.items()
        if not of_split["test"] or of_split["train"] < MIN_TRAIN_IMAGES
    )


def _count(units: Units, groups: Iterable[str]) -> Counter[str]:
    return Counter(label for group in groups for label in units[group].elements())


def _half_up(value: float) -> int:
    return int(value + 0.5)


def _listed(labels: Collection[str]) -> str:
    return first_few([repr(shown(label)) for label in sorted(labels)], 10)


def _raise(problems: Iterable[str]) -> None:
    if lines := limited(list(problems), MAX_PROBLEM_LINES):
        raise DataError("\n".join(lines))
