"""README.md of a folder of images, written from the tables of data/augmented and verdict.json."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import augment
from augment.core.files import Rows, file_sha256
from augment.data.delivered import MANIFEST, Recipe
from augment.gan.generators import ClassGenerator
from augment.gan.generators.cards import header, measured, table

SIZES = ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
READ = {
    "parquet": 'data = datasets.load_dataset("this folder, or owner/name on the hub")',
    "webdataset": 'data = webdataset.WebDataset("data/train-00000.tar", shardshuffle=False).decode("pil")',
}
ENDING = {"parquet": "parquet", "webdataset": "tar"}


def data_card(
    form: str, splits: Mapping[str, str], rows: Rows, recipe: Recipe, folder: Path, verdict: Path | None,
    samples: Mapping[str, ClassGenerator], count: int,
) -> str:  # fmt: skip
    """splits: those of data/augmented -> their names here; rows, recipe: of `folder`; samples: the generators that drew
    `count` images each, none where there are none."""
    names = [*splits.values(), *(["samples"] if samples else [])]
    files = [{"split": name, "path": f"data/{name}-*.{ENDING[form]}"} for name in names]
    total = len(rows) + count * len(samples)
    size = next((name for limit, name in SIZES if total < limit), "n>1M")
    values = {
        "task_categories": ["image-classification"], "tags": ["synthetic", "gan-augment"], "size_categories": [size],
        "configs": [{"config_name": "default", "data_files": files}],
    }  # fmt: skip
    paragraphs = [
        header(values),
        f"# {len(recipe.classes)} classes of images, real ones and made ones",
        "Written by gan-augment: real images, and in train images that a GAN of each class made. "
        "`synthetic` tells them apart, `weight` is how often to draw each. Names of originals and what cameras write "
        "beside pixels are left out.",
        f"```python\nimport {READ[form].split(' = ')[1].split('.')[0]}\n\n{READ[form]}\n```",
        "## Counts",
        table(("class", *_columns(splits, bool(samples))), _counts(splits, rows, recipe.classes, samples, count)),
        "## Where they come from",
        _lineage(recipe, folder, samples),
        *measured(verdict),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _columns(splits: Mapping[str, str], samples: bool) -> list[str]:
    return [f"{name}, {kind}" for name in splits.values() for kind in ("real", "made")] + ["samples"] * samples


def _counts(
    splits: Mapping[str, str], rows: Rows, classes: Sequence[str], samples: Mapping[str, ClassGenerator], count: int
) -> list[list[object]]:
    found = Counter((row["label"], row["split"], row["synthetic"]) for row in rows)
    return [
        [label, *(found[label, split, made] for split in splits for made in "01")]
        + ([count * (label in samples)] if samples else [])
        for label in classes
    ]


def _lineage(recipe: Recipe, folder: Path, samples: Mapping[str, ClassGenerator]) -> str:
    """What made the images, and digests by which two folders are known to be the same."""
    facts = [
        ("program", f"gan-augment {augment.__version__}"),
        ("made images drawn as by arm", recipe.arm),
        ("to be trained", f"{recipe.family}, augmentation {recipe.augmentation or 'none'}, flips {recipe.flips}"),
        (f"SHA-256 of {MANIFEST}", file_sha256(folder / MANIFEST)),
        *(
            (f"originals of {label}", f"{generator.training.get('images', '?')} images, SHA-256 "
             f"{generator.training.get('images_sha256', 'not recorded')}")
            for label, generator in samples.items()
        ),
    ]  # fmt: skip
    return table(("what", "value"), facts)
