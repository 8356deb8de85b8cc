"""What a person kept and rejected among the samples of a set of generators: selection.json, and what follows of it.

A pick names a sample by its seed and its number, as data/synthetic/manifest.csv does. It is bound to the generators by
the hash of their index.json, and to the parameters that mix their samples with others: of others the same numbers name
other images.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from augment.core.errors import BundleError, DataError
from augment.core.files import file_sha256, write_json
from augment.core.progress import first_few
from augment.core.words import printable
from augment.data.sources.disk import is_bare
from augment.gan.bundle_files import INDEX, parse_json, read_limited
from augment.gan.generators.class_generator import MAX_INDEX
from augment.synthesis.transplant.settings import TransplantSettings

FILE = "selection.json"
FORMAT = 2
MAX_BYTES = 50_000_000
Choice = Literal["kept", "rejected", "open"]
Number = Annotated[int, Field(ge=0, lt=MAX_INDEX)]
Sample = tuple[Number, Number]  # seed and number


@dataclass(frozen=True)
class NumberPicks:
    """The numbers of samples of one class and seed that were kept, and those that were rejected."""

    kept: frozenset[int] = frozenset()
    rejected: frozenset[int] = frozenset()

    @property
    def end(self) -> int:
        """One more than the largest kept number: so many candidates show them all."""
        return max(self.kept, default=-1) + 1

    def overrule(self, reason: NDArray[np.str_], start: int) -> NDArray[np.str_]:
        """Reasons (N,) of the candidates from `start` on, by a person's word: a kept one passes the class filter, a
        rejected one stays out. Near copies of training images stay near copies, whoever likes them."""
        numbers = np.arange(start, start + len(reason))
        kept, rejected = (np.isin(numbers, sorted(picked)) for picked in (self.kept, self.rejected))
        passed = np.where(kept & (reason == "off_class"), "", reason)
        return np.where(rejected & (passed == ""), "rejected", passed).astype(reason.dtype)

    def surplus(self, reason: NDArray[np.str_], wanted: int) -> NDArray[np.int64]:
        """Positions of the candidates that passed and are more than `wanted`: kept ones come first, then the first."""
        passed = np.flatnonzero(reason == "")
        order = np.argsort(~np.isin(passed, sorted(self.kept)), kind="stable")
        return passed[order][wanted:]


NO_PICKS = NumberPicks()


class ClassPicks(BaseModel):
    """Of one class: (seed, number) of each sample that was kept or rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    kept: list[Sample] = []
    rejected: list[Sample] = []

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ((sample, times),) = Counter([*self.kept, *self.rejected]).most_common(1) or [((0, 0), 0)]
        if times > 1:
            raise ValueError(f"sample {list(sample)} stands there twice")
        return self


class Picks(BaseModel):
    """selection.json. models: SHA-256 of the index.json of the generators; drawn: as `drawn_with` has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    format: int = Field(FORMAT, ge=FORMAT, le=FORMAT)
    models: str = Field(pattern=r"^[0-9a-f]{64}$")
    drawn: str
    classes: dict[str, ClassPicks] = {}

    def of_seed(self, seed: int) -> dict[str, NumberPicks]:
        """What was picked of one seed's samples, by label."""
        return {
            label: NumberPicks(*(frozenset(i for s, i in side if s == seed) for side in (own.kept, own.rejected)))
            for label, own in self.classes.items()
        }

    def choice(self, label: str, sample: tuple[int, int]) -> Choice:
        """What was said of a sample."""
        own = self.classes.get(label, ClassPicks())
        return "kept" if sample in own.kept else "rejected" if sample in own.rejected else "open"

    def with_choice(self, label: str, sample: tuple[int, int], choice: Choice) -> "Picks":
        """The same with another word on one sample; `open` takes the word back."""
        own = self.classes.get(label, ClassPicks())
        sides = {"kept": {*own.kept} - {sample}, "rejected": {*own.rejected} - {sample}}
        if choice != "open":
            sides[choice].add(sample)
        changed = ClassPicks(kept=sorted(sides["kept"]), rejected=sorted(sides["rejected"]))
        classes = {**self.classes, label: changed}
        return self.model_copy(
            update={"classes": {name: one for name, one in classes.items() if one.kept or one.rejected}}
        )

    def write(self, folder: Path) -> None:
        """Write selection.json; equal picks give equal bytes. Raises `StoreError` when the disk refuses."""
        write_json(folder / FILE, self.model_dump(mode="json"))


def drawn_with(borrowed: float, settings: TransplantSettings) -> str:
    """What decides, beside the generators, which image a number names: the keys of params.yaml and their values."""
    keys = {
        "generate.borrowed": borrowed,
        "generate.sources": settings.sources if isinstance(settings.sources, str) else dict(settings.sources),
        "ingest.flips": settings.flips,
        "evaluate.normal": settings.normal,
    }
    return ", ".join(f"{key}: {json.dumps(value, sort_keys=True)}" for key, value in keys.items())


def read_picks(folder: Path, models: Path, labels: Collection[str], drawn: str) -> Picks:
    """What selection.json of a folder says of the generators in `models`, whose classes are `labels`.

    drawn: as `drawn_with` has it now. Nothing but a README in the folder, or no folder: no picks. Raises `DataError`
    for a file that is damaged, of other generators or samples drawn in another way, or names a class that they do not
    have, and for a folder that holds other files.
    """
    digest, path = file_sha256(models / INDEX), folder / FILE
    if not folder.exists() or (folder.is_dir() and is_bare(folder)):
        return Picks(models=digest, drawn=drawn)
    picks = _parse(path)
    if picks.models != digest:
        raise DataError(
            f"{_shown(path)}: it names samples of other generators than those in {_shown(models)}, whose numbers mean "
            "other images. Move it away, or bring those generators back; `augment explore` begins a new one."
        )
    if picks.drawn != drawn:
        raise DataError(
            f"{_shown(path)}: it names samples drawn with {printable(picks.drawn, line=True)[:500]}; params.yaml has "
            f"{printable(drawn, line=True)[:500]}, with which its numbers mean other images. Set these keys back, or "
            "move the file away and choose anew with `augment explore`."
        )
    if unknown := sorted({*picks.classes} - {*labels}):
        named = first_few([printable(label, line=True)[:50] for label in unknown], 3)
        raise DataError(
            f"{_shown(path)}: no class {named} among the generators, which have {first_few(sorted(labels), 10)}. "
            "Move the file away and choose anew with `augment explore`."
        )
    return picks


def _parse(path: Path) -> Picks:
    try:
        text, _ = parse_json(path, read_limited(path, MAX_BYTES))
        return Picks.model_validate_json(text)
    except (BundleError, ValidationError) as error:
        missing = isinstance(error, BundleError) and error.code == "missing"
        what = "there is no such file beside what else is in that folder" if missing else f"damaged ({_first(error)})"
        raise DataError(
            f"{_shown(path)}: {what}. Move what is there away, or name another folder in generate.selection; "
            "`augment explore` writes the file."
        ) from error


def _first(error: BundleError | ValidationError) -> str:
    if isinstance(error, BundleError):
        return error.code.replace("_", " ")
    one = error.errors()[0]
    place, what = ".".join(map(str, one["loc"])), str(one["msg"])
    return printable(f"{place}: {what}", line=True)[:200]


def _shown(path: Path) -> str:
    return printable(str(path), line=True)


def left_out(picks: Mapping[str, NumberPicks], reasons: Mapping[str, NDArray[np.str_]]) -> list[str]:
    """A line for each class and reason why samples that a person kept are not delivered.

    picks: by label; reasons: of every candidate of a class, "" where it is delivered.
    """
    lines: list[str] = []
    for label, own in picks.items():
        known = reasons.get(label, np.array([], dtype=np.str_))
        why: dict[str, list[str]] = {}
        for number in sorted(own.kept):
            reason = str(known[number]) if number < len(known) else "no_candidate"
            why.setdefault(reason, []).append(str(number))
        lines += [
            f"class {label}: kept by you, but {_WHY[reason]}: {first_few(numbers, 8)}"
            for reason, numbers in why.items()
            if reason
        ]
    return lines


_WHY = {
    "near_copy": "near copies of training images, which are never delivered",
    "surplus": "more than generate.per_class",
    "no_candidate": "not among the candidates of this run (generate.oversample)",
}
