"""What one sees without scrolling: does it help, what to do, and how sure that is."""

from collections.abc import Mapping, Sequence
from typing import Any

from augment.core.progress import counted, duration
from augment.evaluation.next_step import look_properly, next_step
from augment.report import words
from augment.report.charts.gain_bar import gain_bar
from augment.report.contents import Contents
from augment.report.delivered import Look
from augment.report.pictures import MAX_SIDE_PX, data_uri, tile

SYMBOLS = {"helps": "▲", "helps, negligibly": "△", "harms": "▼", "equivalent": "=", "undecided": "?", "not used": "–"}
TONES = {"helps": "good", "helps, negligibly": "good", "harms": "bad"}
SHARP_BELOW_PX = 48  # a side: smaller images are shown with hard pixels


def first_screen(contents: Contents) -> dict[str, Any]:
    """The values of the page's first section."""
    verdict = contents.verdict
    word, net, margin = verdict["verdict"], verdict["gain"]["net"], verdict["equivalence"]
    return {
        "word": word,
        "plain": words.plain_sentence(word, net["mean"], net["low"], verdict["primary"]),
        "symbol": SYMBOLS.get(word, "?"),
        "tone": TONES.get(word, "neutral"),
        "step": look_properly(contents.looked_at) if contents.looked_at else next_step(verdict),
        "cost": cost_of_deciding(contents),
        "gain_bar": gain_bar(*(100 * value for value in (net["mean"], net["low"], net["high"], margin))),
        "looks": [_shown(look) for look in contents.delivered.looks],
        "counts": counts_line(contents),
    }


def cost_of_deciding(contents: Contents) -> str:
    """What it costs to do what would decide an undecided verdict; empty where it is decided, nothing would, or
    another run is advised."""
    deciding, repeats = contents.verdict["deciding"], contents.verdict["protocol"]["repeats"]
    if not deciding or contents.looked_at:
        return ""
    if deciding["repeats"]:
        return (
            f"It costs {counted(deciding['repeats'] - repeats, 'repeat')} more: {_time(contents, deciding, repeats)}."
        )
    if deciding["growth"]:
        of_kind = "images" if deciding["setting"] is None else "test images"
        there = sum(entry["test"] for entry in contents.classes)
        if deciding["setting"] is None:
            there = sum(entry[side] for entry in contents.classes for side in ("train", "val", "test"))
        more = round((deciding["growth"] - 1) * there)
        return f"It costs labelling about {more:,} more {of_kind}, and a new run: {_time(contents, deciding, repeats)}."
    return ""


def _time(contents: Contents, deciding: Mapping[str, Any], repeats: int) -> str:
    """Of the further repeats, or of a whole run, on the machine that ran this one."""
    if contents.repeat_minutes is None:
        return "how long was not measured here"
    more = deciding["repeats"] - repeats if deciding["repeats"] else repeats
    return f"{duration(more * contents.repeat_minutes)} on this machine"


def counts_line(contents: Contents) -> str:
    """Sizes and counts in one line."""
    delivered, repeats = contents.delivered, contents.verdict["protocol"]["repeats"]
    height, width = contents.working_size
    learned = f"GANs at {width}×{height} px" if contents.rows is None else f"{counted(contents.rows.columns, 'column')}"
    sides = {side: sum(entry[side] for entry in contents.classes) for side in ("train", "test")}
    per_class = [entry["train"] for entry in contents.classes]
    least, most = min(per_class), max(per_class)
    of_class = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    held = f"{delivered.real:,} real and {delivered.made:,} made" if delivered.made else f"{delivered.real:,} real"
    return (
        f"{counted(len(contents.classes), 'class')} · {sides['train']:,} training images ({of_class} a class) · "
        f"{sides['test']:,} test images · {counted(repeats, 'repeat')} · {learned} · "
        f"delivered: {held}{_size_of(delivered.looks, contents.working_size)}"
    )


def _size_of(looks: Sequence[Look], working: tuple[int, int]) -> str:
    """Where it is another one than that of the GANs."""
    sizes = {look.real.shape[1:] for look in looks}
    if len(sizes) > 1:
        return ", as they are stored"
    height, width = next(iter(sizes), working)
    return "" if (height, width) == working else f", {width}×{height} px"


def _shown(look: Look) -> dict[str, Any]:
    sharp = max(look.real.shape[1:]) < SHARP_BELOW_PX
    real, made = (
        None if image is None else data_uri(tile(image, MAX_SIDE_PX), lossless=sharp)
        for image in (look.real, look.made)
    )
    return {"label": look.label, "sharp": sharp, "real": real, "made": made}
