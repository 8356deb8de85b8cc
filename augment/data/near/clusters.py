"""From pairs of alike images to clusters: nearest pairs first, and without long chains.

In a dense class every image has an unlike one at the end of a chain of alike ones (single linkage would make
one giant cluster of them), so clusters grow by complete linkage (Sorensen 1948): only while all their members are
alike. Pairs nearer than `MAX_TIGHT_DISTANCE` are copies beyond doubt and always stay together.
"""

from collections.abc import Sequence

from augment.data.near.search import MAX_KIN_DISTANCE, Pair

MAX_TIGHT_DISTANCE = 0.5  # of the largest distance of near duplicates


def clusters(pairs: Sequence[Pair], declared: Sequence[str]) -> list[list[int]]:
    """Clusters of two and more positions, each sorted, in order of their first.

    pairs: nearest first, as `alike` gives them. declared: for every image the name of a group that a
    person gave it, or ""; images of two such groups never come together.
    """
    alike = {(pair.first, pair.second) for pair in pairs if pair.distance <= MAX_KIN_DISTANCE}
    cluster = [[position] for position in range(len(declared))]
    for pair in pairs:
        one, other = cluster[pair.first], cluster[pair.second]
        if pair.distance > 1 or one is other:
            continue
        names = {declared[position] for position in one + other} - {""}
        whole = all((min(i, j), max(i, j)) in alike for i in one for j in other)
        if len(names) < 2 and (pair.distance <= MAX_TIGHT_DISTANCE or whole):
            one += other
            for position in other:
                cluster[position] = one
    distinct = {id(members): sorted(members) for members in cluster if len(members) > 1}
    return sorted(distinct.values())
