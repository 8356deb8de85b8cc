"""What is known of a table before it is split: columns, rows, what stops a run, what a person should know."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from augment.core.errors import DataError
from augment.core.files import json_text, sha256
from augment.core.progress import first_few
from augment.data.entries import Blocker, Outcome
from augment.data.rows.columns import MAX_SCHEMA_BYTES, Column, Schema, Values, is_number
from augment.data.rows.looking import MAX_LEVELS, LeftOut, type_columns
from augment.data.rows.reading import RawTable, RawVectors, read_raw, read_vectors
from augment.data.sources.disk import is_plain, shown
from augment.data.sources.labels import label_blockers
from augment.data.sources.tabular.tables import MAX_CELL
from augment.params import Ingest

LABEL_NAMES = ("label", "class", "target", "category", "y")
_SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
           "test": "test", "testing": "test", "": ""}  # fmt: skip


@dataclass
class RowEntry:
    """One row of the file; path: file:line. The rest is as `Entry` of images has it."""

    path: str
    label: str
    outcome: Outcome = "ok"
    code: str = ""
    detail: str = ""
    group: str = ""
    declared_split: str = ""
    split: str = ""
    index: int | None = None
    digest: str = ""

    @property
    def usable(self) -> bool:
        return self.outcome == "ok"

    def reject(self, outcome: Outcome, code: str, detail: str) -> None:
        """The row is not used."""
        self.outcome, self.code, self.detail = outcome, code, detail


@dataclass(frozen=True)
class RowFindings:
    """Everything known of a table. values: float64 (N, D) of all entries; declared: rows whose group a person gave."""

    schema: Schema
    values: Values
    entries: list[RowEntry]
    blockers: list[Blocker]
    notes: list[str]
    left_out: list[LeftOut] = field(default_factory=list)
    declared: int = 0

    @property
    def usable(self) -> list[int]:
        """Positions of the rows that are used."""
        return [at for at, entry in enumerate(self.entries) if entry.usable]

    def counts(self) -> dict[str, int]:
        """Usable rows of each class."""
        counts = Counter(entry.label for entry in self.entries if entry.usable)
        return {label: counts[label] for label in sorted({entry.label for entry in self.entries}) if label}


def examine_rows(ingest: Ingest) -> RowFindings:
    """Read and look at a table, or vectors. Raises `DataError` where it cannot be read, or has no column of classes."""
    path = Path(ingest.path)
    if ingest.source == "vectors":
        return _of_vectors(read_vectors(path))
    return _of_table(read_raw(path), ingest)


def _of_vectors(raw: RawVectors) -> RowFindings:
    columns = tuple(Column(f"{number}", "numeric") for number in range(raw.vectors.shape[1]))
    _require_classes(raw.name, "array of labels", raw.labels, "give labels of classes")
    entries = [RowEntry(f"{raw.name}:{number}", label) for number, label in enumerate(raw.labels)]
    reject_unlabelled(entries, "label")
    blockers = _set_declared(entries, raw.splits, raw.groups)
    blockers += label_blockers(raw.name, sorted({*raw.labels} - {""}))
    return RowFindings(Schema("vectors", "label", columns), raw.vectors, entries, blockers, [],
                       declared=len(entries) if raw.groups else 0)  # fmt: skip


def _of_table(raw: RawTable, ingest: Ingest) -> RowFindings:
    label = label_column(raw, ingest.label_column)
    asides = [name for name in (ingest.group_column, ingest.split_column) if name]
    for name in (*asides, *ingest.columns):
        if name not in raw.cells:
            raise DataError(f"{raw.name}: there is no column {shown(name)!r}, which params.yaml names; there are "
                            f"{_named(raw)}")  # fmt: skip
    labels = raw.cells[label]
    entries = [RowEntry(f"{raw.name}:{line}", own) for line, own in zip(raw.lines, labels, strict=True)]
    reject_unlabelled(entries, label)
    names = [name for name in raw.cells if name not in (label, *asides)]
    typed = type_columns(raw, names, labels, ingest.columns)
    splits, groups = (raw.cells[name] if name else None for name in (ingest.split_column, ingest.group_column))
    blockers = [*typed.blockers, *_set_declared(entries, splits, groups)]
    blockers += label_blockers(label, sorted({own for own in labels if own}))
    if not typed.columns and not typed.blockers:
        blockers.append(Blocker(raw.name, "no_columns", "no column is left to learn; ingest.columns can overrule that"))
    blockers += _too_much_text(Schema("table", label, typed.columns))
    notes = [f"{one.code}: column {shown(one.name)!r} is left out: {one.message}" for one in typed.left_out]
    notes += [raw.remark] if raw.remark else []
    schema = Schema("table", label, typed.columns)
    return RowFindings(schema, typed.values, entries, blockers, notes, typed.left_out, len(entries) if groups else 0)


def _too_much_text(schema: Schema) -> list[Blocker]:
    """Columns whose names and levels a generator could not carry; the one with the most is named."""
    total = len(json_text(schema.as_json()).encode())
    if total <= MAX_SCHEMA_BYTES:
        return []
    sizes = {one.name: len(json_text(asdict(one)).encode()) for one in schema.columns}
    name = max(sizes, key=sizes.__getitem__)
    what = (f"names and texts of {len(sizes)} columns take {total:,} bytes, at most {MAX_SCHEMA_BYTES:,} fit into the "
            f"file of a generator, and {sizes[name]:,} are this one's")  # fmt: skip
    return [Blocker(shown(name[:80]), "much_text", f"{what}; shorten or merge its texts, or leave columns out")]


def label_column(raw: RawTable, asked: str | None) -> str:
    """The column of classes. Raises `DataError` where there is none, or it measures something."""
    if not len(raw):
        raise DataError(f"{raw.name}: it has a header and no rows; add rows")
    if asked is not None and asked not in raw.cells:
        raise DataError(f"{raw.name}: there is no column {shown(asked)!r}, which ingest.label_column names; there are "
                        f"{_named(raw)}")  # fmt: skip
    name = asked or next((name for known in LABEL_NAMES for name in raw.cells if name.casefold() == known), None)
    if name is None:
        texts = [name for name in raw.cells if _may_be_label(raw.cells[name])]
        if len(texts) != 1:
            which = first_few([shown(name) for name in (texts or raw.cells)], 10)
            raise DataError(f"{raw.name}: which column is the class? None is called {', '.join(LABEL_NAMES)}; name one "
                            f"by --label, or set ingest.label_column: {which}")  # fmt: skip
        name = texts[0]
    mend = "set ingest.label_column to another column, or make classes of it"
    _require_classes(raw.name, f"column {shown(name)!r}", raw.cells[name], mend)
    return name


def _require_classes(file: str, what: str, cells: Sequence[str], mend: str) -> None:
    """Raises `DataError` where no row has a class, or what stands there measures something."""
    distinct = {cell for cell in cells if cell}
    if not distinct:
        raise DataError(f"{file}: the {what} is empty in every row; {mend}")
    if len(distinct) > MAX_LEVELS and all(map(is_number, distinct)):
        raise DataError(f"{file}: the {what} has {len(distinct)} different numbers, so it measures something and names "
                        f"no classes; {mend}")  # fmt: skip


def reject_unlabelled(entries: Sequence[RowEntry], label: str) -> None:
    """Set rows without a class aside."""
    for entry in entries:
        if not entry.label:
            entry.reject("quarantined", "no_label", f"its {label} is empty")


def _may_be_label(cells: Sequence[str]) -> bool:
    distinct = {cell for cell in cells if cell}
    return 2 <= len(distinct) <= MAX_LEVELS and not all(map(is_number, distinct)) and len(distinct) < len(cells) / 2


def _set_declared(entries: list[RowEntry], splits: Sequence[str] | None, groups: Sequence[str] | None) -> list[Blocker]:
    """Set the splits and groups that a person gave; what is amiss with them."""
    blockers: list[Blocker] = []
    for entry, group in zip(entries, groups or [""] * len(entries), strict=True):
        entry.group = group
        if (len(group) > MAX_CELL or not is_plain(group)) and not blockers:
            what = f"its group {shown(group[:40])!r} has {len(group)} characters, or such as cannot be written"
            blockers.append(Blocker(entry.path, "bad_group", f"{what}; name groups in at most {MAX_CELL} plain ones"))
    for entry, name in zip(entries, splits or [""] * len(entries), strict=True):
        entry.declared_split = _SPLITS.get(name.casefold(), "")
        if name.casefold() not in _SPLITS:
            what = f"its split is {shown(name[:40])!r}; write train, val or test"
            return [*blockers, Blocker(entry.path, "no_split", what)]
    return blockers


def _named(raw: RawTable) -> str:
    return first_few([shown(name) for name in raw.cells], 10)


def settle_rows(findings: RowFindings, ingest: Ingest) -> None:
    """Give equal rows one group, set copies and contradictions aside, and add what stops a run to the blockers.

    Where a column is continuous, equal rows are copies: of one label the first stays, under two labels none does
    (`ingest.conflicts`). Else independent rows may be equal by chance, and all stay, together on one side.
    """
    digests = [sha256(row.tobytes()) for row in findings.values + 0.0]
    twins: dict[str, list[RowEntry]] = {}
    for entry, digest in zip(findings.entries, digests, strict=True):
        entry.digest = digest
        if entry.usable:
            twins.setdefault(digest, []).append(entry)
    several = [equal for equal in twins.values() if len(equal) > 1]
    if findings.schema.is_continuous:
        for equal in several:
            _set_copies_aside(equal, ingest, findings.blockers)
    _join_groups(findings.entries)
    least = f"at least {ingest.min_per_class} are needed (ingest.min_per_class)"
    findings.blockers.extend(
        Blocker(label, "too_few", f"{number} usable rows, {least}; add rows, or leave this class out")
        for label, number in findings.counts().items()
        if number < ingest.min_per_class
    )
    contradict = sum(len({entry.label for entry in equal}) > 1 for equal in several)
    if several:
        findings.notes.append(
            f"equal rows: {sum(map(len, several))} in {len(several)} sets, {contradict} of these under several labels"
        )


def _set_copies_aside(equal: list[RowEntry], ingest: Ingest, blockers: list[Blocker]) -> None:
    if len({entry.label for entry in equal}) > 1:
        others = ", ".join(shown(entry.path) for entry in equal[:3])
        if ingest.conflicts == "stop":
            blockers.append(Blocker(equal[0].path, "label_conflict", f"equal rows under several labels: {others}"))
        for entry in equal:
            entry.reject("quarantined", "label_conflict", f"equal rows under several labels: {others}")
        return
    for entry in equal[1:]:
        entry.reject("quarantined", "dedup", f"equals {shown(equal[0].path)}")


def _join_groups(entries: Sequence[RowEntry]) -> None:
    """Groups that share equal rows become one; a row without any is a group of its own."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    usable = [entry for entry in entries if entry.usable]
    group_of: dict[str, str] = {}  # digest -> a group that has such a row
    for entry in usable:
        entry.group = entry.group or entry.path
        first, second = sorted((root(entry.group), root(group_of.setdefault(entry.digest, entry.group))))
        parent[second] = first
    for entry in usable:
        entry.group = root(entry.group)
