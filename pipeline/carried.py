"""Defects carried onto good images: what was found of them in this set, and how they look."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.synthesis.transplant.transplant import Finding, Transplant

SHOWN, ACROSS = 4, 8  # examples of a class in its picture, pictures in a row: two examples
FINDING_COLUMNS = ("label", "lender", "translated", "way", "images", "usable", "reason", "learned")


def finding_rows(findings: Sequence[Finding], carrying: Mapping[str, Transplant]) -> list[dict[str, object]]:
    """Rows of transplants.csv; carrying: the classes that are translated."""
    return [
        {
            "label": one.label,
            "lender": one.lender,
            "translated": int(not one.reason),
            "way": one.way,
            "images": one.images,
            "usable": one.usable,
            "reason": one.reason,
            "learned": int(one.label in carrying and carrying[one.label].translator is not None),
        }
        for one in findings
    ]


def examples(images: NDArray[np.uint8], one: Transplant, seed: int) -> NDArray[np.uint8]:
    """Pictures uint8 (n, C, H, W), in rows of four: a defective image, what is carried of it (grey: nothing) or drawn,
    a good image, and the sample. images: of the class."""
    draws, made = one.draws(SHOWN, seed=seed), one.sample(SHOWN, seed=seed).numpy()
    at = {int(position): number for number, position in enumerate(one.positions)}
    changes = one.changes[[at[source] for source in draws.source.tolist()]].numpy()
    if one.translator is not None:
        changes = (made.astype(np.float32) - one.lent_to(draws)) / 255
    found = (127.5 + 127.5 * changes).round().clip(0, 255).astype(np.uint8)
    columns = [images[draws.source], found, one.lent_to(draws), made]
    return np.stack(columns, axis=1).reshape(-1, *images.shape[1:])
