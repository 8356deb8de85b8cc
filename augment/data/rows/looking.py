"""What each column of a table is, by looking at it; a person may overrule it by `ingest.columns`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from augment.core.progress import first_few
from augment.data.entries import Blocker
from augment.data.rows.columns import Column, Values, is_number, is_padded, without_missing
from augment.data.rows.reading import RawTable
from augment.data.sources.disk import shown
from augment.params.types import ColumnKind

MAX_LEVELS = 50  # of a category
IDENTIFIER_SHARE = 0.9  # of texts that are distinct: names of rows, which tell nothing of others
PROSE_WORDS = 4  # of a cell, on average
LARGEST_WHOLE = 2**53  # of whole numbers that a float holds exactly
_DATE = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T]\d{1,2}:\d{2}.*)?", re.ASCII)
_ROW_NAMES = re.compile(r"|unnamed: ?0|index|id|.*[_ ]id|row([_ ]?(number|no|id))?|uuid|guid", re.IGNORECASE)
_DECORATED = re.compile(  # a sign of a currency, a number with or without separated thousands, a unit
    r"[^\w.+-]*[+-]?(?:\d{1,3}(?:[.,' \u2019]\d{3})+|\d+)(?:[.,]\d+)?(\D{0,12})"
)
_OVERRULE = "ingest.columns: {{{name}: {kind}}}"


@dataclass(frozen=True)
class LeftOut:
    """A column that no generator learns, and why: constant, identifier, date, leak, or as a person asked."""

    name: str
    code: str
    message: str


@dataclass(frozen=True)
class Typed:
    """columns: that are learned, with their values float64 (N, D); left_out, blockers: the others."""

    columns: tuple[Column, ...]
    values: Values
    left_out: list[LeftOut]
    blockers: list[Blocker]


def type_columns(table: RawTable, names: list[str], labels: list[str], asked: Mapping[str, ColumnKind]) -> Typed:
    """Look at these columns of a table; labels: of its rows, which no other column may spell out."""
    columns: list[tuple[Column, Values]] = []
    left_out: list[LeftOut] = []
    blockers: list[Blocker] = []
    for name in names:
        found = _asked(name, table, asked[name]) if name in asked else _looked_at(name, table, labels)
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif isinstance(found, Blocker):
            blockers.append(found)
        else:
            columns.append(found)
    values = np.stack([own for _, own in columns], axis=1) if columns else np.zeros((len(table), 0))
    return Typed(tuple(column for column, _ in columns), values, left_out, blockers)


def _looked_at(name: str, table: RawTable, labels: list[str]) -> tuple[Column, Values] | LeftOut | Blocker:
    cells = without_missing(table.cells[name])
    present = [cell for cell in cells if cell]
    distinct, numbers = set(present), sum(map(is_number, present))
    if len(distinct) < 2 and len(present) in (0, len(cells)):
        return LeftOut(
            name, "constant", f"it holds nothing but {shown(present[0][:40])!r}" if present else "it is empty"
        )
    if spells_out(cells, labels):
        return LeftOut(name, "leak", f"it says what the label says; if it may be known, {_overrule(name)}")
    if all(map(_DATE.fullmatch, present)):
        return LeftOut(name, "date", "a generator has no use for dates; make numbers of it, such as an age or an hour")
    if numbers == len(present) and not any(map(is_padded, present)):
        return _numbers(name, cells)
    if len(present) / 2 < numbers < len(present):
        odd = next(at for at, cell in enumerate(cells) if cell and not is_number(cell))
        what = f"{numbers} numbers and {len(present) - numbers} other texts, such as {shown(cells[odd][:40])!r}"
        instead = _overrule(name, "categorical" if len(distinct) <= MAX_LEVELS else "left_out")
        return Blocker(name, "mixed", f"{what} in line {table.lines[odd]}; mend them, or {instead}")
    return _texts(name, cells, present, distinct)


def _are_decorated(cells: list[str]) -> bool:
    """Whether these are numbers in one unit (`0.94 mm`, `$ 5,941.70`), not names that end in letters of their own."""
    matches = [_DECORATED.fullmatch(cell) for cell in cells]
    one_unit = all(matches) and len({match[1] for match in matches if match}) == 1
    return one_unit and not all(map(str.isdecimal, cells))


def _numbers(name: str, cells: list[str]) -> tuple[Column, Values] | LeftOut:
    values = as_numbers(cells)
    known = values[~np.isnan(values)]
    unique = np.unique(known)
    if (len(unique) == len(known) == len(cells) and _counts_up(unique)) or (
        len(unique) == len(known) and _ROW_NAMES.fullmatch(name)
    ):
        return LeftOut(name, "identifier", f"it numbers the rows; if it is a measurement, {_overrule(name, 'numeric')}")
    if np.abs(known).max() > LARGEST_WHOLE and all(cell.lstrip("+-").isdigit() for cell in cells if cell):  # altered
        return LeftOut(name, "identifier", f"its numbers have more than 15 digits, as names have; {_overrule(name)} or "
                       "numeric keeps it")  # fmt: skip
    if len(unique) == 1 and len(known) == len(cells):  # however it is spelled
        return LeftOut(name, "constant", f"it holds nothing but {cells[0]}")
    if len(unique) <= 2:
        return _categories(name, cells)
    return _numeric(name, cells, "integer" if bool((known == np.round(known)).all()) else "numeric")


def _counts_up(unique: Values) -> bool:
    return bool((np.diff(unique) == 1).all()) and len(unique) > 20


def _texts(
    name: str, cells: list[str], present: list[str], distinct: set[str]
) -> tuple[Column, Values] | LeftOut | Blocker:
    words = float(np.mean([len(cell.split()) for cell in present]))
    if len(distinct) > MAX_LEVELS and words >= PROSE_WORDS:
        example = f"{shown(present[0][:40])!r}..."
        return Blocker(
            name, "prose", f"free text ({example}), which no generator here learns; {_overrule(name, 'left_out')}"
        )
    if len(distinct) > MAX_LEVELS and _are_decorated(present):
        what = f"numbers with a unit or separators, such as {shown(present[0][:40])!r}, which are texts"
        return Blocker(name, "no_number", f"{what}; write plain numbers, or {_overrule(name, 'left_out')}")
    if len(distinct) >= IDENTIFIER_SHARE * len(present) and len(distinct) > 20:
        keep = f"; {_overrule(name)} keeps it" if len(distinct) <= MAX_LEVELS else ""
        return LeftOut(name, "identifier", f"nearly every row has a text of its own{keep}")
    if len(distinct) > MAX_LEVELS:
        return Blocker(name, "many_levels", f"{len(distinct)} different texts, at most {MAX_LEVELS}; merge the rare "
                       f"ones, or {_overrule(name, 'left_out')}")  # fmt: skip
    return _categories(name, cells)


def _asked(name: str, table: RawTable, kind: ColumnKind) -> tuple[Column, Values] | LeftOut | Blocker:
    """What a person says that it is."""
    cells = without_missing(table.cells[name])
    if kind == "left_out":
        return LeftOut(name, "asked", "as ingest.columns says")
    if kind == "categorical":
        levels = len({cell for cell in cells if cell})
        if levels > MAX_LEVELS:
            return Blocker(name, "many_levels", f"{levels} different texts, at most {MAX_LEVELS} of a category; merge "
                           f"the rare ones, or {_overrule(name, 'left_out')}")  # fmt: skip
        return _categories(name, cells)
    strange = [at for at, cell in enumerate(cells) if cell and not is_number(cell)]
    if strange:
        what = f"ingest.columns says {kind}, and line {table.lines[strange[0]]} has {shown(cells[strange[0]][:40])!r}"
        return Blocker(name, "no_number", f"{what}; mend it, or leave the cell empty")
    if kind == "integer" and any(float(cell) != round(float(cell)) for cell in cells if cell):
        return Blocker(name, "no_integer", "ingest.columns says integer, and some values are none; say numeric")
    return _numeric(name, cells, kind)


def _numeric(name: str, cells: list[str], kind: ColumnKind) -> tuple[Column, Values]:
    values = as_numbers(cells)
    if kind == "integer":
        return Column(name, "integer", decimals=0), values
    return Column(name, "numeric", decimals=_decimals([cell for cell in cells if cell])), values


def _categories(name: str, cells: list[str]) -> tuple[Column, Values]:
    levels = tuple(sorted({cell for cell in cells if cell}))
    place = {level: float(at) for at, level in enumerate(levels)} | {"": np.nan}
    return Column(name, "categorical", levels), np.array([place[cell] for cell in cells])


def _decimals(present: list[str]) -> int | None:
    """The digits after the point that all numbers get by with, at most 6."""
    if any("e" in cell.lower() for cell in present):
        return None
    most = max(len(cell.partition(".")[2].rstrip("0")) for cell in present)
    return most if most <= 6 else None


def spells_out(cells: list[str], labels: list[str]) -> bool:
    """Whether a column is the label under other words: each text belongs to one label, and each label to one text."""
    pairs = set(zip(cells, labels, strict=True))
    return len(pairs) == len(set(cells)) == len(set(labels)) > 1


def as_numbers(cells: list[str]) -> Values:
    """float64 (N,), NaN where a cell is empty."""
    return np.array([float(cell) if cell else np.nan for cell in cells])


def _overrule(name: str, kind: ColumnKind = "categorical") -> str:
    return f"set `{_OVERRULE.format(name=shown(name), kind=kind)}`"


def kinds_text(columns: tuple[Column, ...]) -> list[str]:
    """What the columns are, a line for each kind."""
    by_kind: dict[str, list[str]] = {}
    for column in columns:
        by_kind.setdefault(column.kind, []).append(shown(column.name))
    return [f"{kind}: {len(names)} ({first_few(names, 8)})" for kind, names in by_kind.items()]
