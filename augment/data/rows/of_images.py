"""Settings that say nothing of rows: told where somebody set them, so that nobody waits for what they do to images."""

from pathlib import Path

from augment.data.sources.disk import is_bare
from augment.params import Params

KEYS = (
    "ingest.class_folder", "ingest.size", "ingest.fit", "ingest.color", "ingest.background", "ingest.flips",
    "ingest.near_duplicates", "ingest.max_file_mb", "ingest.max_pixels",
    "train.network", "train.augmentation", "train.color_augmentation", "train.precision",
    "generate.borrowed", "generate.sources", "generate.filter_steps",
    "evaluate.backbone", "evaluate.augmentation", "evaluate.second_classifier", "evaluate.steps", "evaluate.batch_size",
    "evaluate.learning_rate", "assemble.size", "report.grid",
)  # fmt: skip
FOLDERS = ("ingest.descriptions", "train.base", "generate.selection")  # which hold a README alone at first
MEANT = {("evaluate.second_classifier", "off")}  # of rows as it stands


def image_notes(params: Params) -> list[str]:
    """A line on the settings that were changed and play no part; none where there are none."""
    chosen, usual = params.model_dump(mode="json"), Params().model_dump(mode="json")

    def value(key: str, of: dict[str, dict[str, object]]) -> object:
        section, name = key.split(".")
        return of[section][name]

    named = [key for key in KEYS if value(key, chosen) != value(key, usual) and (key, value(key, chosen)) not in MEANT]
    named += [key for key in FOLDERS if _holds_something(Path(str(value(key, chosen))))]
    return [f"of images alone, and no part of a run on rows: {', '.join(named)}"] if named else []


def _holds_something(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and not is_bare(place))
