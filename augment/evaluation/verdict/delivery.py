"""What data/augmented holds, why, and the one setting that changes it: the first advice of every verdict.

Val alone decides what is delivered. Test images choose nothing of it, or they would be a part of the training; so
where test speaks against GAN images that val let pass, the line says how to have real images alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from augment.evaluation.statistics.comparisons import VerdictWord
from augment.evaluation.verdict.selection import Selection
from augment.params.arms import DEFAULT_GAN_ARM, Arm

MADE_IMAGES_HELD: Mapping[VerdictWord, str] = {
    "helps": "Train {way} on them; to leave the GAN images out,",
    "helps, negligibly": "Train {way} on them; to leave the GAN images out, which costs little,",
    "harms": "Real images alone do better: to leave the GAN images out,",
    "equivalent": "Real images alone are simpler and do as well: to leave the GAN images out,",
    "undecided": "Whether the GAN images help is undecided: to leave them out,",
    "not used": "Val was against the GAN images: to leave them out,",
}
REAL_IMAGES_HELD: Mapping[VerdictWord, str] = {
    "helps": "GAN images help: to add them,",
    "helps, negligibly": "GAN images help a little: to add them,",
    "harms": "They do better than with GAN images: to add these all the same,",
    "equivalent": "They are simpler and do as well as with GAN images: to add these all the same,",
    "undecided": "Whether GAN images help is undecided: to add them,",
    "not used": "To add them all the same,",
}


@dataclass(frozen=True)
class Delivery:
    """use: `assemble.use`; selection: what val left."""

    selection: Selection
    use: str = "chosen"

    @property
    def arm(self) -> Arm | None:
        """Whose made images data/augmented holds beside the real ones, None for none."""
        if self.use != "chosen":
            return None if self.use == "real" else self.use
        return DEFAULT_GAN_ARM if self.selection.used else None

    @property
    def reason(self) -> str:
        """Why it holds what it holds, after a comma."""
        if self.use != "chosen":
            return f"as `assemble.use: {self.use}` asks"
        if self.selection.veto_comparison is None:
            return "since val could not judge them"
        return "which val did not refuse" if self.selection.used else "since val refused GAN images"

    @property
    def other_use(self) -> str:
        """The value of `assemble.use` that takes the made images out, or in."""
        if self.arm is not None:
            return "real"
        return "chosen" if self.selection.used else DEFAULT_GAN_ARM

    def line(self, word: VerdictWord, way: str) -> str:
        """way: what the made images were added to, within a sentence."""
        held = "real and GAN images" if self.arm else "real images alone"
        advice = (MADE_IMAGES_HELD if self.arm else REAL_IMAGES_HELD)[word].format(way=way)
        change = f"set `assemble.use: {self.other_use}` and run `dvc repro`"
        return f"data/augmented holds {held}, {self.reason}. {advice} {change}."
