"""The verdict in one sentence for somebody who decides and has no time for the rest."""

ENDINGS = {
    "helps": "Use the synthetic images: with them {about} than with the best use of the real images alone, "
    "and chance does not explain it.",
    "helps, negligibly": "The synthetic images help, but hardly: with them {about} than with the best use of the "
    "real images alone.",
    "harms": "Do not use the synthetic images: with them {about} than with the best use of the real images alone.",
    "equivalent": "The synthetic images make no difference that matters; the real images alone do as well.",
    "undecided": "Nobody can tell from this run whether the synthetic images help: the difference is too small for "
    "this many test images, so stay with the real images alone.",
    "not credited": "With the synthetic images {about} than with the best use of the real images alone, but altered "
    "copies of the real images may do as well, so that is not shown to be the GAN's doing; stay with the real images.",
    "not used": "The synthetic images were put aside before the test, because they did worse on held-out images; "
    "nothing was gained, and nothing was lost.",
}


def plain_sentence(word: str, gain: float, low: float, primary: str) -> str:
    """word: the verdict; gain, low: the net gain and its lower bound, as fractions of 1; primary: what decides."""
    ending = "not credited" if word == "undecided" and low > 0 else word
    count = round(abs(100 * gain))
    number = f"about {count}" if count else "less than 1"
    more = "more" if gain >= 0 else "fewer"
    what = (
        f"{number} {more} of 100 images are recognised (every class counted alike)"
        if primary == "balanced_accuracy"
        else f"{number} {more} of 100 findings are caught, at the same rate of false alarms,"
    )
    return ENDINGS.get(ending, "").format(about=what)
