"""Sample every generator, select, and write data/synthetic/."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.environment import environment
from augment.core.files import folder_name, write_csv
from augment.core.grids import write_grid, write_picture
from augment.core.progress import say
from augment.data.checksums import write_checksums
from augment.data.imageset import ImageSet
from augment.data.rows.rowset import holds_rows
from augment.gan.bundle import kept_generators
from augment.gan.settings import start_backend
from augment.gan.translate.translator import Translator
from augment.params import Params
from augment.project.disk_space import require_space
from augment.synthesis.filter import filter_settings, fit_filters
from augment.synthesis.judged import judgement
from augment.synthesis.picks import drawn_with, left_out, read_picks
from augment.synthesis.selection import ClassCandidates, choose_samples, samples_per_class
from augment.synthesis.transplant.settings import transplant_settings
from augment.synthesis.transplant.transplant import transplants
from pipeline.carried import ACROSS, FINDING_COLUMNS, examples, finding_rows
from pipeline.common import MODELS, PREPARED, SYNTHETIC, main
from pipeline.room import samples_and_delivery
from pipeline.rows.generate import generate_rows
from pipeline.surroundings import tell_makers

COLUMNS = (
    "label", "file", "seed", "index", "borrowed", "probability", "threshold", "other_class", "nearest_train",
    "nearest_distance", "copy_threshold", "kept", "reason", "sha256", "source_image", "source", "lender_image",
)  # fmt: skip


def generate(params: Params) -> None:
    """Every candidate has a row in manifest.csv; the kept ones are PNG files."""
    if holds_rows(PREPARED / "train"):
        generate_rows(params)
        return
    train = ImageSet.load(PREPARED / "train")
    require_space(samples_and_delivery(train, params))
    backend, generators = start_backend(params.compute), kept_generators(MODELS)
    tell_makers("generate", [one.environment for one in generators.values()], environment(backend.device))
    settings = transplant_settings(params)
    drawn = drawn_with(params.generate.borrowed, settings)
    picks = read_picks(Path(params.generate.selection), MODELS, generators.classes, drawn).of_seed(params.seed)
    filters = fit_filters([train], filter_settings(params), [params.seed], backend.engine)
    written = Written()
    (candidates,) = choose_samples(
        [train], [generators], filters, [params.seed], wanted=samples_per_class(params.generate, train),
        oversample=params.generate.oversample, transfer_share=params.generate.borrowed, engine=backend.engine,
        picks=picks, settings=settings, finish=written.add,
    )  # fmt: skip
    for line in left_out(picks, {label: found.reason for label, found in candidates.items()}):
        say(f"generate: {line}")
    rows = (
        row
        for label, found in candidates.items()
        for row in rows_of(found, written.digests[label], np.flatnonzero(train.labels == label).astype(np.int64))
    )
    write_csv(SYNTHETIC / "manifest.csv", rows, COLUMNS)
    write_checksums(SYNTHETIC, ["manifest.csv", *write_carried(train, params, generators.translators)])


def write_carried(train: ImageSet, params: Params, translators: Mapping[str, Translator]) -> list[str]:
    """What was found of classes that were to be translated, and a picture of each: nothing where none was. Returns the
    names of the files."""
    carrying, findings = transplants(train, None, transplant_settings(params), params.seed, translators)
    if findings:
        write_csv(SYNTHETIC / "transplants.csv", finding_rows(findings, carrying), FINDING_COLUMNS)
    for label, one in carrying.items():
        shown = examples(train.of_class(label).images, one, params.seed)
        write_grid(SYNTHETIC / f"{folder_name(label)}-carried.png", shown, ACROSS)
    return ["transplants.csv"] * bool(findings) + [f"{folder_name(label)}-carried.png" for label in carrying]


@dataclass(frozen=True)
class Written:
    """The kept images of all classes, in files as soon as they are there: label -> index -> SHA-256."""

    digests: dict[str, dict[int, str]] = field(default_factory=dict)

    def add(self, found: ClassCandidates) -> ClassCandidates:
        """Write those of one class; returns what was found without pixels, which a million of would be too many."""
        kept = np.flatnonzero(found.reason == "").tolist()
        self.digests[found.label] = {index: write_picture(place(found, index), found.images[index]) for index in kept}
        return replace(found, images=found.images[:0])


def place(found: ClassCandidates, index: int) -> Path:
    return SYNTHETIC / folder_name(found.label) / f"{index:06d}.png"


def rows_of(
    found: ClassCandidates, digests: Mapping[int, str], positions: NDArray[np.int64]
) -> Iterator[dict[str, object]]:
    """A manifest row for every candidate of one class.

    digests: of the files of the kept ones; positions: int64 (N,), of the class's training images in
    data/prepared/train.
    """
    transferred = found.transferred.tolist()
    for index, reason in enumerate(found.reason.tolist()):
        yield {
            "label": found.label,
            "file": "" if reason else place(found, index).relative_to(SYNTHETIC).as_posix(),
            "seed": found.seed,
            "index": index,
            "borrowed": int(transferred[index]),
            **judgement(found, index),
            "sha256": digests.get(index, ""),
            "source_image": int(positions[found.source[index]]) if found.source[index] >= 0 else "",
            "source": "borrowed" if transferred[index] else "own",
            "lender_image": "",
        } | carried_from(found, index, positions)


def carried_from(found: ClassCandidates, index: int, positions: NDArray[np.int64]) -> dict[str, object]:
    """What the manifest says of a sample whose defect was carried from one training image onto another."""
    if found.translated is None:
        return {}
    draws, source = found.translated.draws, "learned" if found.translated.translator else "translated"
    return {"source_image": int(positions[draws.source[index]]), "source": source,
            "lender_image": int(draws.lender[index])}  # fmt: skip


if __name__ == "__main__":
    main(generate, SYNTHETIC)
