"""The generators of rows: one class each, and the set of all, as users hold them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from augment.core.errors import ArgumentError, BundleError
from augment.core.progress import counted, first_few
from augment.core.seeds import torch_rng
from augment.data.arguments import path_argument, whole_number
from augment.data.rows.columns import Schema, Values
from augment.data.rows.encoding import Encoded, Encoding
from augment.gan.generators.by_label import ByLabel
from augment.gan.generators.class_generator import CHUNK, MAX_INDEX, MAX_SAMPLES
from augment.gan.rows.network import RowGeneratorNetwork

if TYPE_CHECKING:
    import pandas as pd

SHOWN_LABELS = 8


class RowGenerator:
    """The generator of one class of rows. `sample` is all that a user needs.

    label, training, environment: as of `ClassGenerator`; encoding: how its numbers become the user's.
    """

    def __init__(
        self,
        label: str,
        network: RowGeneratorNetwork,
        encoding: Encoding,
        training: Mapping[str, str | int | float] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.label, self.encoding = label, encoding
        self.network = network.eval().requires_grad_(False)
        self.training, self.environment = dict(training or {}), dict(environment or {})

    def __repr__(self) -> str:
        return f"RowGenerator({self.label!r}, {_form_text(self.encoding.schema)})"

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> "pd.DataFrame | NDArray[np.float32]":
        """Rows start to start + n - 1 of this seed, in the user's columns and units: a pandas frame of a table, an
        array float32 (n, D) of vectors.

        Row i depends on (seed, i) alone. Raises `ArgumentError` for a negative n or start, TypeError for what is no
        whole number.
        """
        values = self.rows(n, seed=seed, start=start)
        return (
            values.astype(np.float32) if self.encoding.schema.form == "vectors" else frame(self.encoding.schema, values)
        )

    def rows(self, n: int, *, seed: int = 0, start: int = 0) -> Values:
        """The same as float64 (n, D), a category as its position among the levels, NaN where missing."""
        return self.encoding.decode(self.encoded(n, seed=seed, start=start))

    @torch.no_grad()
    def encoded(self, n: int, *, seed: int = 0, start: int = 0) -> Encoded:
        """The same as a classifier sees them, float32 (n, width)."""
        n, start = whole_number("n", n, 0, MAX_SAMPLES), whole_number("start", start, 0, MAX_INDEX)
        seed = whole_number("seed", seed)
        chunks = range(start // CHUNK, -(-(start + n) // CHUNK))
        parts = [torch.empty((0, self.encoding.width)), *(self._chunk(seed, chunk) for chunk in chunks)]
        return np.asarray(torch.cat(parts)[start % CHUNK :][:n].numpy())

    def _chunk(self, seed: int, chunk: int) -> torch.Tensor:
        """Always so many rows of one pass, so that row i never depends on how many are asked for."""
        made = self.network.rows(self._latents(seed, range(chunk * CHUNK, (chunk + 1) * CHUNK)))
        if not bool(made.isfinite().all()):
            raise BundleError(
                f"the generator of class {self.label!r} draws rows that are not finite: its weights are damaged. Train "
                "it again.", "not_finite",
            )  # fmt: skip
        return made

    def _latents(self, seed: int, indices: Iterable[int]) -> torch.Tensor:
        rngs = (torch_rng(seed, "latent", self.label, index) for index in indices)
        return torch.stack([torch.randn(self.network.shape.noise, generator=rng) for rng in rngs])


class RowGenerators(ByLabel[RowGenerator]):
    """Generators of rows by label, as `GeneratorSet` holds those of images.

    classes: all classes of the training set; failed: label -> why there is no generator.
    """

    def __init__(
        self,
        generators: Mapping[str, RowGenerator],
        failed: Mapping[str, str] | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        gone = dict(failed or {})
        super().__init__(generators, gone, classes or sorted({*generators, *gone}))

    def __repr__(self) -> str:
        form = f" of {_form_text(next(iter(self.values())).encoding.schema)}" if self else ""
        named = first_few([repr(label) for label in self], SHOWN_LABELS)
        return f"RowGenerators({counted(len(self), 'generator')}{form}: {named})"

    def sample(self, n: int, *, seed: int = 0) -> tuple[Any, NDArray[np.str_]]:
        """n rows of all classes in turns, as `RowGenerator.sample` gives them, and their labels str (n,)."""
        if not self:
            raise ArgumentError(f"n: no class has a generator to draw from; failed: {self.failed}")
        n, labels = whole_number("n", n, 0, MAX_SAMPLES), list(self)
        turn = np.arange(n) % len(labels)
        values = np.empty((n, len(self[labels[0]].encoding.schema.columns)))
        for at, label in enumerate(labels):
            values[turn == at] = self[label].rows(int((turn == at).sum()), seed=seed)
        schema = self[labels[0]].encoding.schema
        made = values.astype(np.float32) if schema.form == "vectors" else frame(schema, values)
        return made, np.array(labels, dtype=np.str_)[turn]

    def save(self, folder: str | Path) -> None:
        """Write a folder for each generator, and index.json, which binds them; `load_generators` reads it back."""
        from augment.gan.rows.bundle import save_row_generators  # noqa: PLC0415  (which makes sets of this class)

        save_row_generators(self, path_argument("folder", folder))


def frame(schema: Schema, values: Values) -> "pd.DataFrame":
    """Values float64 (N, D) as a pandas frame in the user's columns: texts, whole numbers, numbers, missing ones."""
    import pandas as pd  # noqa: PLC0415  (an extra of the pipeline; vectors never need it)

    columns: dict[str, Any] = {}
    for column, own in zip(schema.columns, values.T, strict=True):
        missing = np.isnan(own)
        if column.kind == "categorical":
            columns[column.name] = [None if gone else column.levels[int(value)]
                                    for value, gone in zip(np.nan_to_num(own), missing, strict=True)]  # fmt: skip
        elif column.kind == "integer" and not missing.any():
            columns[column.name] = own.astype(np.int64)
        else:
            columns[column.name] = own
    return pd.DataFrame(columns)


def _form_text(schema: Schema) -> str:
    kind = "dimension" if schema.form == "vectors" else "column"
    return f"{'vectors' if schema.form == 'vectors' else 'rows'} of {counted(len(schema.columns), kind)}"
