"""README.md of what is handed on, in the layout of Hugging Face's hub: a YAML header, then words for people.

A card says what was measured, from verdict.json, and what nobody can take out of it: that made images are not
anonymous. The licence stands as unknown until whoever owns the originals fills it in.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from augment.core.files import read_json
from augment.core.words import printable
from augment.gan.generators.class_generator import ClassGenerator
from augment.gan.generators.notebook import size_text

CARD = "README.md"
PRIVACY = (
    "**Images made from few originals are not anonymous.** Treat them, and the generators that draw them, as you treat "
    "the originals."
)
NOT_MEASURED = "Whether these images help a classifier has not been measured."
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&#$])")
_PRIVACY_TABLES = ("copies.csv", "membership.csv")


def header(values: Mapping[str, Any]) -> str:
    """The YAML ahead of a card; values: what JSON can say, which is YAML too. The licence comes first, to be filled."""
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["---", "license: unknown  # fill in: the owner of the originals decides", *lines, "---"])


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown; texts of strangers stay text."""
    written = [[plain(str(cell)) for cell in row] for row in (columns, *rows)]
    lines = [f"| {' | '.join(cells)} |" for cells in written]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]])


def plain(text: str) -> str:
    """One line without markup, whatever it holds."""
    return _MARKUP.sub(r"\\\1", printable(text, line=True))


def measured(verdict: Path | None) -> list[str]:
    """Sections on what was measured, and what of that concerns privacy; verdict: verdict.json, None where there is
    none. Raises `DataError` when it is damaged."""
    if verdict is None:
        return ["## What was measured", NOT_MEASURED, "## Privacy", PRIVACY]
    told = read_json(verdict, ("verdict", "sentence", "first_line", "explanation", "protocol", "looked"))
    privacy = [rule["text"] for rule in told["explanation"] if rule["source"].startswith(_PRIVACY_TABLES)]
    return [
        "## What was measured", f"**{plain(told['verdict'])}.** {plain(told['sentence'])}", plain(told["first_line"]),
        f"{plain(told['protocol']['speaks'])} The test images have the fingerprint `{told['looked']['test']}`.",
        "## Privacy", PRIVACY, *map(plain, privacy),
    ]  # fmt: skip


def model_card(
    generators: Mapping[str, ClassGenerator], classes: Sequence[str], failed: Mapping[str, str], verdict: Path | None
) -> str:
    """The card of a set of generators; classes: labels by class index. verdict: as `measured` takes it."""
    rows = [[label, *_made_from(generators.get(label)), failed.get(label, "")] for label in classes]
    shape = size_text(next(iter(generators.values())).shape) if generators else "no size"
    tags = {"library_name": "gan-augment", "pipeline_tag": "unconditional-image-generation", "tags": ["gan"]}
    paragraphs = [
        header(tags),
        f"# Generators of {len(generators)} classes of images {shape}",
        "One generator for each class, trained with gan-augment on images of that class. They are files of numbers, "
        "without code, and verified when they are read:",
        "```python\nimport augment\n\n"
        'generators = augment.GeneratorSet.from_pretrained("this folder, or owner/name on the hub")\n'
        "images, targets = generators.sample(64, seed=0)  # uint8 (64, C, H, W), indices into generators.classes\n```",
        "## Classes",
        table(("class", "originals", "network", "steps", "SHA-256 of the originals", "why there is none"), rows),
        *measured(verdict),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _made_from(generator: ClassGenerator | None) -> list[object]:
    """Images, network, steps and the digest of the images, as its manifest has them."""
    if generator is None:
        return ["", "", "", ""]
    training = generator.training
    network = generator.network.architecture.network
    return [training.get("images", ""), network, training.get("steps", ""), training.get("images_sha256", "")]
