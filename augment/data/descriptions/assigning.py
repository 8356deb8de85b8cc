"""Every image of a set gets its description: its own, or its class's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.progress import counted, first_few
from augment.data.descriptions.reading import read_descriptions
from augment.data.entries import Blocker, Entry
from augment.data.findings import Findings
from augment.data.sources.disk import shown
from augment.data.split.split import nearest

SHOWN_NAMES = 5


def describe(findings: Findings, place: Path) -> None:
    """Give the usable entries what the file at `place` says of them, and note what else it names.

    An image that nothing describes stops a run, unless nothing is described at all.
    """
    where = shown(str(place))
    try:
        said = read_descriptions(place)
    except DataError as error:
        findings.blockers.append(Blocker(where, "bad_descriptions", str(error)))
        return
    for entry in findings.usable:
        entry.description = said.get(entry.path) or said.get(entry.label) or entry.description
    missing = [entry for entry in findings.usable if not entry.description]
    if said and missing:
        findings.blockers.append(Blocker(where, "no_description", _missing_text(missing, said)))
    findings.notes.extend(_notes(said, findings.entries))


def _missing_text(missing: Sequence[Entry], said: Mapping[str, str]) -> str:
    """One message for all classes that have images without a description."""
    labels = sorted({entry.label for entry in missing})
    named = first_few([repr(shown(label)) for label in labels], SHOWN_NAMES)
    hint = nearest(labels[0], [name for name in said if "/" not in name])
    what = f"{counted(len(missing), 'image')} of {named} without a description, such as {missing[0].path}"
    return f"{what}; {hint}. Describe every class, or every image of it, or none at all"


def _notes(said: Mapping[str, str], entries: Sequence[Entry]) -> list[str]:
    """A class without images may be drawn for looking. A path without an image is most likely a slip."""
    there = {entry.label for entry in entries} | {entry.path for entry in entries}
    absent = [shown(name) for name in said if name not in there]
    if not absent:
        return []
    names = first_few(list(map(repr, absent)), SHOWN_NAMES)
    what = "described, and there is no such class or image: its words can be drawn for looking, and are never delivered"
    return [f"descriptions: {names} {what}"]
