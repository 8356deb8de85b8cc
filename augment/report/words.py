"""The words and numbers of the page, and the verdict in one sentence for somebody who decides and has no time."""

import math
import re
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from augment.evaluation.verdict import figures
from augment.params.arms import ROW_OF

WORDS = {  # by filter of the template
    "words": {name: row.words for name, row in ROW_OF.items()},
    "spoken": {name: row.spoken for name, row in ROW_OF.items()},
    "kind": {
        "real": "real images only", "gan": "with synthetic images", "control": "control", "delivered": "as delivered",
        "reference": "real images, no rival",
    },
    "primary": {"balanced_accuracy": "balanced accuracy", "recall_at_far": "recall at the fixed false-alarm rate"},
    "metric": {
        "kid": "KID, distance of the distributions (lower is better)",
        "fid": "FID, distance of the distributions (lower is better)",
        "precision": "Precision, share of samples that look like real images (higher is better)",
        "recall": "Recall, share of real images that samples could look like (higher is better)",
        "density": "Density, how typical samples are (about 1 is like real)",
        "coverage": "Coverage, share of real images with a sample nearby (higher is better)",
        "other_class": "Other class, share that classifiers take for another class (lower is better)",
        "near_copy": "Near copies, share as near to a training image as test images hardly ever are (lower is better)",
    },
    "space": {"pixels": "Pixels", "random_convolutions": "Random features", "classifier": "Fresh classifiers",
              "backbone": "Pretrained backbone", "encoded": "All columns together"},
    "attack": {
        "auc": "AUC: a training image looks likelier than an unseen one",
        "tpr_0.01": "Training images found at 1 % false alarms",
        "tpr_0.1": "Training images found at 10 % false alarms",
    },
}  # fmt: skip
ENDINGS = {
    "helps": "Use the GAN images: with them {about} than with the best use of the real images alone, "
    "and chance does not explain it.",
    "helps, negligibly": "The GAN images help, but hardly: with them {about} than with the best use of the "
    "real images alone.",
    "harms": "Do not use the GAN images: with them {about} than with the best use of the real images alone.",
    "equivalent": "The GAN images make no difference that matters; the real images alone do as well.",
    "undecided": "Nobody can tell from this run whether the GAN images help: with this many test images the difference "
    "may be chance.",
    "not credited": "With the GAN images {about} than with the best use of the real images alone, but altered "
    "copies of the real images may do as well, so that is not shown to be the GAN's doing.",
    "not used": "The GAN images were put aside before the test, because they did worse on held-out images; "
    "nothing was gained, and nothing was lost.",
}


MINUTE = 60  # seconds


def in_words(kind: str, name: str) -> str:
    """A name of the files in the words for people, by kind of name (`WORDS`); itself where it has none."""
    return WORDS[kind].get(name, name)


def plain_sentence(word: str, gain: float, low: float, primary: str) -> str:
    """word: the verdict; gain, low: the net gain and its lower bound, as fractions of 1; primary: what decides."""
    ending = "not credited" if word == "undecided" and low > 0 else word
    count = round(abs(100 * gain))
    number_words = f"about {count}" if count else "less than 1"
    more = "more" if gain >= 0 else "fewer"
    what = (
        f"{number_words} {more} of 100 images are recognised (every class counted alike)"
        if primary == "balanced_accuracy"
        else f"{number_words} {more} of 100 findings are caught, at the same rate of false alarms,"
    )
    return ENDINGS.get(ending, "").format(about=what)


def number(cell: Any) -> float | None:
    """A cell as a finite float; None where it is empty, not a number or infinite."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def number_text(cell: Any, form: str, scale: float = 1.0, missing: str = "–") -> str:
    """A cell times `scale` in a format of Python's; `missing` where it holds no number."""
    value = number(cell)
    return missing if value is None else with_minus(format(scale * value, form))


percent = partial(number_text, form=".1f", scale=100)  # of a fraction of 1
size = partial(number_text, form=".1f", scale=100, missing="none shows")  # of a gain that could be shown, in points
compact = partial(number_text, form=".3g")
fixed = partial(number_text, form=".3f")  # of a distance
share = partial(number_text, form=".2f")  # of 1


def points(cell: Any) -> str:
    """A difference of fractions as signed percentage points; a dash where there is none."""
    value = number(cell)
    return "–" if value is None else with_minus(figures.points(value)) if value else "0.0"


def gain_or_none(gain: float | None) -> str:
    """The smallest gain that a run can show, for the middle of a sentence."""
    return "no gain, however large," if gain is None else f"gains of about {size(gain)} points or more"


def minutes(seconds: float | None) -> str:
    """How long something took, as a person says it."""
    if seconds is None:
        return "not measured here"
    return "under a minute" if seconds < MINUTE else f"{round(seconds / MINUTE)} min"


def sort_key(cell: Any) -> str:
    """What a column is sorted by: the whole number, or nothing."""
    value = number(cell)
    return "" if value is None else repr(value)


def code(text: str) -> Markup:
    """Escaped text with its `backticked` parts as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def with_minus(text: str) -> str:
    """Hyphens of numbers as minus signs."""
    return text.replace("-", "−")
