"""manifest.json of a bundle of rows; what only reads what a generator says of itself never pays for torch."""

from typing import Any

from pydantic import Field, model_validator

from augment.core.files import slug
from augment.data.rows.columns import MAX_KNOTS, Schema
from augment.gan.bundle_files import MANIFEST_FORMAT, BundleForm, Label, Slug


class RowManifest(BundleForm):
    """manifest.json of a bundle of rows.

    columns: as columns.json has them; knots, single: of each numeric column's quantiles; levels, gaps: as of `Encoding`
    """

    format: int = Field(ge=MANIFEST_FORMAT, le=MANIFEST_FORMAT)
    label: Label
    slug: Slug
    columns: dict[str, Any]
    hidden: int = Field(ge=1, le=4096)
    latent: int = Field(ge=1, le=1024)
    knots: list[int]
    single: list[float]
    levels: list[list[float]]
    gaps: list[bool]
    training: dict[str, str | int | float]
    environment: dict[str, str]

    @model_validator(mode="after")
    def _fits(self) -> "RowManifest":
        if self.slug != slug(self.label):
            raise ValueError(f"slug {self.slug!r} is not that of label {self.label!r}, which is {slug(self.label)!r}")
        try:
            schema = Schema.from_json(self.columns)
        except (KeyError, TypeError) as error:
            raise ValueError(f"columns: not a list of columns ({error})") from error
        if {len(schema.numeric)} != {len(self.knots), len(self.single), len(self.gaps)}:
            raise ValueError("knots, single and gaps must have an entry for each numeric column")
        if len(self.levels) != len(schema.categorical) or not all(self.levels):
            raise ValueError("levels must have an entry for each categorical column")
        for at, places in zip(schema.categorical, self.levels, strict=True):
            if not all(place in range(-1, len(schema.columns[at].levels)) for place in places):
                raise ValueError(f"levels name positions that column {schema.columns[at].name!r} does not have")
        if not all(1 <= number <= 2 * MAX_KNOTS for number in self.knots):
            raise ValueError(f"knots must be from 1 to {2 * MAX_KNOTS}")
        return self
