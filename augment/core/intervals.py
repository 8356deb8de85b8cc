"""The interval of a share, for whoever counts: leaks of augmentation, recalls of classes, bins of answers."""

import math


def wilson_interval(successes: float, n: int, z: float) -> tuple[float, float]:
    """Wilson's score interval of a share, z standard errors to either side (Wilson 1927); (0, 1) for n = 0. successes
    may be a fraction: with a mean share over seeds it is share times independent groups."""
    if n == 0:
        return 0.0, 1.0
    share, widen = min(1.0, successes / n), 1 + z * z / n
    centre = (share + z * z / (2 * n)) / widen
    half = z / widen * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
