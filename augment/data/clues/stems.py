"""Names that several images share up to an ending: copies, frames, views of a patient. Who splits them image by image
tests on what was trained on, and no comparison of pixels finds all of it.

Every pattern of `patterns` is tried on the paths; one is believed where its groups lie within classes, are several in
most of them and are named as things are, not as kinds. Of those the coarsest is proposed that leaves enough groups.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from augment.core.progress import counted
from augment.data.clues.patterns import Candidate, candidates, shape_of
from augment.data.entries import Entry
from augment.data.sources.disk import shown

MIN_SHARE = 0.25  # of the images, that share a stem, before a habit of naming is believed
MIN_GROUPS = 4  # of each class, below which a finer pattern is looked for
_MAX_COPIES_SHARE = 0.25  # of a class, under one stem: more is a name of the class
_MAX_FEW = 10  # images under one stem; so few are never too many
_MIN_NAMES, _MAX_MEAN = 8, 20  # names without a number: so many of a class, of so many images, are people and places
_NOTED_SHARE = 0.1  # of the images; fewer are noted only where the split tears them
_DATE = re.compile(  # and the time of day
    r"(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[ _T.-]*(?:at )?\d\d[-_.:]?\d\d(?:[-_.:]?\d\d)?\d*)?"
)
_MOST = 0.8
_CAMERA = re.compile(r"1\d\d")  # its folder of 999 pictures: 101_0234


@dataclass(frozen=True)
class Stems:
    """pattern: what `ingest.group_pattern` would be; groups: path -> stem, of the images that it puts together."""

    pattern: str
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(set(self.groups.values()))


def find_stems(entries: Sequence[Entry]) -> Stems | None:
    """What the names of usable images tell that nobody declared; None where every name stands for itself.

    Asked before near duplicates are given groups. Images whose group a person gave are left alone.
    """
    images = [entry for entry in entries if entry.usable and not entry.group]
    paths, labels = [entry.path for entry in images], [entry.label for entry in images]
    if len(paths) < 2:
        return None
    shapes = [shape_of(path) for path in paths]
    found = [(per_class, stems) for one in candidates(Counter(shapes)) if (stems := _tried(one, paths, shapes, labels))
             for per_class in [_fewest_groups(stems, paths, labels)]]  # fmt: skip
    fine = [stems for per_class, stems in found if per_class >= MIN_GROUPS]
    if fine:
        return min(fine, key=lambda stems: (_all_groups(stems, paths, labels), -len(stems.groups)))
    return max(found, key=lambda item: item[0])[1] if found else None


def _tried(candidate: Candidate, paths: Sequence[str], shapes: Sequence[str], labels: Sequence[str]) -> Stems | None:
    """What the pattern finds, where it is to be believed."""
    expression = re.compile(candidate.pattern)
    found = {shape: slice(*match.span(1)) for shape in set(shapes) if (match := expression.search(shape))}
    keys = [path[found.get(shape, slice(0))] for path, shape in zip(paths, shapes, strict=True)]
    members: dict[tuple[str, str], list[int]] = defaultdict(list)  # of a class
    for position, (key, label) in enumerate(zip(keys, labels, strict=True)):
        if key:
            members[key, label].append(position)
    several = {pair: own for pair, own in members.items() if len(own) > 1}
    if candidate.needs_base:
        several = {pair: own for pair, own in several.items() if any(_base(paths[i]) == pair[0] for i in own)}
    sharing = [position for own in several.values() for position in own]
    mean = sum(len(own) ** 2 for own in several.values()) / max(1, len(sharing))  # as an image sees it
    if not several or mean > candidate.max_mean:
        return None
    totals, of_class = Counter(labels), Counter(label for _, label in members)
    if candidate.of_copies:
        most = {label: max(_MAX_FEW, _MAX_COPIES_SHARE * number) for label, number in totals.items()}
        believed = all(len(own) <= most[label] for (_, label), own in several.items())
    else:
        divided = sum(totals[label] for label, number in of_class.items() if number > 1)
        enough = len(sharing) >= MIN_SHARE * len(paths) and divided >= len(paths) / 2
        believed = enough and _names_things({keys[own[0]]: paths[own[0]] for own in several.values()}, of_class, mean)
    times = Counter(keys)  # as the pattern groups them: whatever their class
    shared = {path: key for path, key in zip(paths, keys, strict=True) if key and times[key] > 1}
    return Stems(candidate.pattern, shared) if believed else None


def _names_things(examples: Mapping[str, str], of_class: Counter[str], mean: float) -> bool:
    """Whether stems are codes (p017), or many names; not the words of a few kinds, a date or a camera's counter.

    examples: stem -> a path that has it; of_class: label -> stems; mean: images of a stem.
    """
    undated = {key: _outside_dates(key, path) for key, path in examples.items()}
    counters = [key for key in examples if _CAMERA.fullmatch(key)]
    coded = sum(any(map(str.isdigit, text)) for text in undated.values()) - len(counters)
    if coded >= _MOST * len(examples):
        return True
    many = sum(number >= _MIN_NAMES for number in of_class.values()) >= len(of_class) / 2
    return many and mean <= _MAX_MEAN and not counters and all(len(key) == len(text) for key, text in undated.items())


def _outside_dates(key: str, path: str) -> str:
    start = path.rfind(key)
    dated = {at for match in _DATE.finditer(path) for at in range(*match.span())}
    return "".join(letter for at, letter in enumerate(key, start) if at not in dated)


def _base(path: str) -> str:
    return path.rpartition(".")[0]


def _all_groups(stems: Stems, paths: Sequence[str], labels: Sequence[str]) -> int:
    """Groups, those of two classes counted twice."""
    return len({(stems.groups.get(path, f"/{path}"), label) for path, label in zip(paths, labels, strict=True)})


def _fewest_groups(stems: Stems, paths: Sequence[str], labels: Sequence[str]) -> int:
    """Groups of the class that has the fewest."""
    of_class: dict[str, set[str]] = defaultdict(set)
    for path, label in zip(paths, labels, strict=True):
        of_class[label].add(stems.groups.get(path, f"/{path}"))
    return min(map(len, of_class.values()))


def torn(stems: Stems, images: Sequence[Entry]) -> tuple[int, int]:
    """Of the test images of a split: how many have a sister by name outside of test, and how many there are."""
    elsewhere = {stems.groups[e.path] for e in images if e.path in stems.groups and e.split not in ("test", "")}
    test = [entry.path for entry in images if entry.split == "test"]
    return sum(stems.groups.get(path) in elsewhere for path in test), len(test)


def stem_summary(stems: Stems | None, images: Sequence[Entry]) -> dict[str, object]:
    """What names tell of images that are split, as counts: none where every name stands for itself."""
    leaking, _ = torn(stems, images) if stems else (0, 0)
    found = {"pattern": stems.pattern, "stems": stems.count, "images": len(stems.groups)} if stems else {}
    return {"pattern": None, "stems": 0, "images": 0} | found | {"two_sides": leaking}


def stem_notes(stems: Stems | None, entries: Sequence[Entry]) -> list[str]:
    """What a person should know once the entries are split; nothing where few names are alike and none is torn."""
    images = [entry for entry in entries if entry.usable]
    if stems is None:
        return []
    leaking, tested = torn(stems, images)
    if not leaking and len(stems.groups) < _NOTED_SHARE * len(images):
        return []
    first, second = _example(stems)
    line = f"ingest.group_pattern: {quoted(stems.pattern)}"
    declared = leaking and any(entry.declared_split == "test" for entry in images)
    advice = "the declared split tears them: correct it, then write" if declared else "write"
    return [
        f"leak_by_name: {len(stems.groups)} images share {counted(stems.count, 'stem')} ({shown(first)} and "
        f"{shown(second)}), and {leaking} of {tested} test images have a sister on another side; if they show one "
        f"thing, {advice} `{line}`"
    ]


def _example(stems: Stems) -> tuple[str, str]:
    """Two paths of one stem."""
    first = min(stems.groups)
    return first, min(path for path, stem in stems.groups.items() if stem == stems.groups[first] and path != first)


def quoted(text: str) -> str:
    """A text as YAML takes it, whatever it holds on its one line."""
    return "'" + text.replace("'", "''") + "'"
