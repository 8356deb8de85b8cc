"""Whether the form of the files, or how bright images are, tells the classes: then a classifier learns that instead.

A naive Bayes classifier of the facts alone is fitted and tested on groups that it has not seen. A class is told where
what it says of it is right far more often than of others, and no chance could be so lucky (Fisher's exact test).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.progress import first_few
from augment.core.seeds import derive_seed
from augment.data.entries import Entry
from augment.data.sources.disk import shown

MIN_TOLD = (
    0.5  # recall of a class minus the share of others that are taken for it, from which how it is stored is noted
)
MIN_TOLD_SHAPE = 0.7  # the same of size and aspect, which things bring along in part: shoes lie, dresses hang
MIN_TOLD_BRIGHTNESS = 0.75  # and of brightness, which may be what makes the class
MAX_CHANCE = 0.01  # of one note on a set whose facts say nothing
_SHAPE = ("height", "width", "aspect")
_FOLDS, _MAX_BINS, _SMOOTHING = 5, 16, 0.5
_MAX_NAMED = 3

Codes = NDArray[np.int64]  # (N,) bin of every image


@dataclass(frozen=True)
class Told:
    """label: a class that is told from the others; recall: share of its groups that are recognised; false: share of the
    others that are taken for it."""

    label: str
    recall: float
    false: float

    @property
    def margin(self) -> float:
        return self.recall - self.false


def giveaway_notes(entries: Sequence[Entry], stems: Mapping[str, str]) -> list[str]:
    """What a person should know of the usable images; stems: path -> stem that its name shares with others."""
    images = _one_of_each_group(entries, stems)
    labels = [entry.label for entry in images]
    if len(set(labels)) < 2:
        return []
    folds = _folds([stems.get(entry.path, entry.group or entry.path) for entry in images], labels)
    notes: list[str] = []
    facts = {name: codes for name, codes in _file_facts(images).items() if len(set(codes.tolist())) > 1}
    stored = {name: codes for name, codes in facts.items() if name not in _SHAPE}
    for asked, least in ((stored, MIN_TOLD), (facts, MIN_TOLD_SHAPE)):
        if not notes and (classes := told(list(asked.values()), labels, folds, least)):
            notes.append(_file_note(classes, _telling(asked, labels, folds, classes, least)))
    pixels = [entry.pixels for entry in images if entry.pixels is not None]
    if len(pixels) == len(images):
        brightness = _bins([int(values.sum()) / values.size for values in pixels])
        if classes := told([brightness], labels, folds, MIN_TOLD_BRIGHTNESS):
            notes.append(_brightness_note(classes))
    return notes


def _one_of_each_group(entries: Sequence[Entry], stems: Mapping[str, str]) -> list[Entry]:
    """The first image of every group in every class, so that each stands for itself."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if entry.usable:
            first.setdefault((stems.get(entry.path, entry.group or entry.path), entry.label), entry)
    return list(first.values())


def _folds(groups: Sequence[str], labels: Sequence[str]) -> Codes:
    """Each class dealt out evenly, no group on two of them; by hashes, so that no order matters."""
    fold: dict[str, int] = {}
    dealt: dict[str, int] = {}
    for group, label in sorted(set(zip(groups, labels, strict=True)), key=lambda pair: (derive_seed(0, *pair), pair)):
        if group not in fold:
            fold[group] = dealt.get(label, 0) % _FOLDS
            dealt[label] = dealt.get(label, 0) + 1
    return np.array([fold[group] for group in groups])


def _file_facts(images: Sequence[Entry]) -> dict[str, Codes]:
    known = [entry.facts for entry in images]
    sizes = [entry.size or (1, 1) for entry in images]
    facts = {
        "height": _bins([height for height, _ in sizes]),
        "width": _bins([width for _, width in sizes]),
        "aspect": _bins([round(height / width, 2) for height, width in sizes]),
    }
    if all(fact is not None for fact in known):
        names = {"file type": "kind", "colour mode": "mode", "bit depth": "bits", "JPEG quality": "quality"}
        names["metadata"] = "metadata"
        facts |= {name: _bins([getattr(fact, key) for fact in known]) for name, key in names.items()}
    return facts


def _bins(values: Sequence[float] | Sequence[str]) -> Codes:
    """The numbers of at most 16 bins, of equal numbers of images where there are more values."""
    if len(set(values)) == 1:
        return np.zeros(len(values), dtype=np.int64)
    every, codes = np.unique(np.array(values), return_inverse=True)
    if len(every) > _MAX_BINS:
        edges = np.quantile(np.array(values), np.linspace(0, 1, _MAX_BINS + 1)[1:-1])
        codes = np.searchsorted(edges, np.array(values), side="right")
    return np.asarray(codes, dtype=np.int64)


def told(facts: Sequence[Codes], labels: Sequence[str], folds: Codes, least: float) -> list[Told]:
    """Classes that facts alone tell from the others by a margin of at least `least`, clearest first.

    facts: bins (N,) of each fact; labels: N, one image of each group; folds: (N,), which are predicted together.
    """
    if not facts:
        return []
    classes, targets = np.unique(np.array(labels), return_inverse=True)
    said = _predicted(facts, targets, folds, len(classes))
    found = []
    for number, label in enumerate(classes.tolist()):
        own, named = targets == number, said == number
        recall, false = float(named[own].mean()), float(named[~own].mean())
        chance = _chance(int(own.sum()), int(named.sum()), int((own & named).sum()), len(labels))
        if recall - false >= least and chance * len(classes) < MAX_CHANCE:
            found.append(Told(label, recall, false))
    return sorted(found, key=lambda one: (-one.margin, one.label))


def _predicted(facts: Sequence[Codes], targets: Codes, folds: Codes, classes: int) -> Codes:
    """What naive Bayes, each class as likely as any other, says of the images of each fold, taught by the others."""
    said = np.zeros(len(targets), dtype=np.int64)
    for fold in range(_FOLDS):
        held = folds == fold
        score = np.zeros((int(held.sum()), classes))
        for codes in facts:
            counts = np.full((classes, int(codes.max()) + 1), _SMOOTHING)
            np.add.at(counts, (targets[~held], codes[~held]), 1)
            score += np.log(counts / counts.sum(1, keepdims=True)).T[codes[held]]
        said[held] = score.argmax(1)
    return said


def _chance(own: int, named: int, right: int, total: int) -> float:
    """Of so many named at random out of all, how often are at least so many right: the hypergeometric tail."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])  # of factorials

    def log_ways(of: int, taken: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(logs[of] - logs[taken] - logs[of - taken])

    hits = np.arange(max(right, named - (total - own)), min(own, named) + 1)
    every = log_ways(total, np.array([named]))
    return float(np.exp(log_ways(own, hits) + log_ways(total - own, named - hits) - every).sum())


def _telling(
    facts: Mapping[str, Codes], labels: Sequence[str], folds: Codes, classes: Sequence[Told], least: float
) -> list[str]:
    """The facts that tell one of these classes each by itself; all of them where it takes several."""
    wanted = {one.label for one in classes}
    alone = [name for name, codes in facts.items()
             if wanted & {one.label for one in told([codes], labels, folds, least)}]  # fmt: skip
    return alone or list(facts)


def _named(classes: Sequence[Told]) -> str:
    return first_few(
        [f"{shown(one.label)!r} ({one.recall:.0%}, others {one.false:.0%})" for one in classes], _MAX_NAMED
    )


def _file_note(classes: Sequence[Told], facts: Sequence[str]) -> str:
    return (
        f"giveaway: {', '.join(facts)} alone tells {_named(classes)} from the other classes, whatever the images show; "
        "store all classes in one way, from one source, or a classifier learns that instead"
    )


def _brightness_note(classes: Sequence[Told]) -> str:
    return (
        f"brightness_giveaway: mean brightness alone tells {_named(classes)} from the other classes; if the light or "
        "the camera makes it, and not the class, take the images of all classes in one way"
    )
