"""Clusters of near duplicates, each of them one group, so that no split can separate its images.

In a dense class every image has an unlike one at the end of a chain of alike ones (single linkage would make one giant
cluster of them), so clusters grow by complete linkage (Sorensen 1948), from the nearest pair on: only while all their
images are alike. Pairs nearer than `MAX_TIGHT_DISTANCE` are copies beyond doubt and always stay together.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from augment.core.progress import counted
from augment.data.entries import KEEP_FIRST, Blocker, Entry
from augment.data.near.search import MAX_KIN_DISTANCE, MIN_SEARCHED_PX, Pair, near_duplicate_pairs

MAX_TIGHT_DISTANCE = 0.5  # of the largest distance of near duplicates
MAX_CLUSTER_SHARE = 0.1  # of a class, in one cluster
_MIN_LARGE_CLUSTER = 10  # images; a cluster of no more is never too large
_MAX_EXAMPLES = 5


def clusters(pairs: Sequence[Pair], declared: Sequence[str]) -> list[list[int]]:
    """Clusters of two and more positions, each sorted, in order of their first.

    pairs: nearest first, as `near_duplicate_pairs` gives them. declared: for every image the name of a group that
    a person gave it, or ""; images of two such groups never come together.
    """
    alike = {(pair.first, pair.second) for pair in pairs if pair.distance <= MAX_KIN_DISTANCE}
    number = list(range(len(declared)))  # of the cluster that an image is in
    members = {position: [position] for position in number}
    for pair in pairs:
        grown, merged = number[pair.first], number[pair.second]
        if pair.distance > 1 or grown == merged:
            continue
        names = {declared[position] for position in members[grown] + members[merged]} - {""}
        whole = all((min(i, j), max(i, j)) in alike for i in members[grown] for j in members[merged])
        if len(names) < 2 and (pair.distance <= MAX_TIGHT_DISTANCE or whole):
            for position in members[merged]:
                number[position] = grown
            members[grown] += members.pop(merged)
    return sorted(sorted(positions) for positions in members.values() if len(positions) > 1)


@dataclass(frozen=True)
class NearDuplicates:
    """What the search found.

    clusters: the paths of each cluster, sorted; several_classes: clusters with images of more than one class;
    left_out: paths left out as their copy is declared to be in another split; apart: pairs of near duplicates
    that no cluster holds together, as others in it are unlike; searched: whether images were compared at all.
    """

    clusters: list[list[str]] = field(default_factory=list)
    several_classes: list[list[str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    apart: list[list[str]] = field(default_factory=list)
    searched: bool = False

    def summary(self) -> dict[str, object]:
        """Counts, and the first clusters as examples."""
        sizes = [len(paths) for paths in self.clusters]
        return {
            "searched": self.searched,
            "clusters": len(sizes),
            "images": sum(sizes),
            "largest": max(sizes, default=0),
            "several_classes": len(self.several_classes),
            "left_out": len(self.left_out),
            "apart": len(self.apart),
            "examples": self.clusters[:_MAX_EXAMPLES],
        }

    def notes(self, is_all: bool = True) -> list[str]:
        """What a person should know; is_all: whether nothing but pixels tells of images that belong together."""
        together = "each one group" if is_all else "each one group, but names tell of more (leak_by_name)"
        images, several = sum(map(len, self.clusters)), len(self.several_classes)
        left_out = [[path] for path in self.left_out]
        facts = [
            (self.clusters, f"{images} images in {counted(len(self.clusters), 'cluster')}, {together}"),
            (self.several_classes, f"several classes in {counted(several, 'cluster')}; check their labels"),
            (self.apart, f"{counted(len(self.apart), 'pair')} in different groups, since others there are unlike"),
            (
                left_out,
                f"{counted(len(left_out), 'image')} left out, as a declared test or val holds a copy (declared_leak)",
            ),
        ]
        return [f"near_duplicates: {fact}; for example {' and '.join(paths[0][:2])}" for paths, fact in facts if paths]


def group_near_duplicates(entries: Sequence[Entry]) -> tuple[NearDuplicates, list[Blocker]]:
    """Give the usable entries of a cluster one group, and say which clusters are too large to be copies.

    Groups that a person declared stay as they are, and where all images have one nothing is searched. Where a
    cluster has images in a declared test (else val), its images outside are quarantined as `near_duplicate`,
    as exact copies are left out. Images of several sizes, which stop a run anyway, are not compared.
    """
    usable = [entry for entry in entries if entry.usable]
    pixels = [entry.pixels for entry in usable if entry.pixels is not None]
    several_sizes = len({image.shape[:2] for image in pixels}) > 1
    if len(pixels) < len(usable) or several_sizes or all(entry.group for entry in usable):
        return NearDuplicates(), []
    declared = [entry.group for entry in usable]
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  (an extra; readers of originals import this file)

    with threadpool_limits(1, "blas"):  # thousands of small products: threads would mostly wait for each other
        pairs = near_duplicate_pairs(pixels, [entry.label for entry in usable], [entry.digest for entry in usable])
    clustered = clusters(pairs, declared)
    blockers = _too_large(usable, clustered)
    nearest = _nearest(pairs, clustered, len(usable))
    several = [members for members in clustered if len({usable[position].label for position in members}) > 1]
    near = NearDuplicates(
        clusters=_paths(usable, clustered),
        several_classes=_paths(usable, several),
        left_out=[entry.path for members in clustered for entry in _settle(usable, members, nearest)],
        apart=_paths(usable, _apart(pairs, clustered, declared)),
        searched=bool(pixels) and min(pixels[0].shape[:2]) >= MIN_SEARCHED_PX,
    )
    return near, blockers


def _too_large(usable: Sequence[Entry], clustered: Sequence[Sequence[int]]) -> list[Blocker]:
    """Clusters that hold more of a class than copies ever do, not counting images of declared groups."""
    totals = Counter(entry.label for entry in usable)
    blockers = []
    for members in clustered:
        free = [usable[position] for position in members if not usable[position].group]
        for label, count in sorted(Counter(entry.label for entry in free).items()):
            if count > max(_MIN_LARGE_CLUSTER, MAX_CLUSTER_SHARE * totals[label]):
                paths = [entry.path for entry in free if entry.label == label]
                blockers.append(Blocker(paths[0], "near_cluster", _too_large_message(label, paths, totals[label])))
    return blockers


def _too_large_message(label: str, paths: Sequence[str], total: int) -> str:
    return (
        f"{len(paths)} of the {total} images of class {label!r} are near duplicates of each other, such as {paths[0]} "
        f"and {paths[1]}; at most {MAX_CLUSTER_SHARE:.0%} may be. If they show one thing (frames of a video, views of "
        "a part), name their groups in meta.csv or by ingest.group_pattern; if they show different things, set "
        "ingest.near_duplicates: off"
    )


def _nearest(pairs: Sequence[Pair], clustered: Sequence[Sequence[int]], count: int) -> NDArray[np.int64]:
    """For each image the nearest of its cluster, -1 without one."""
    cluster = {position: number for number, members in enumerate(clustered) for position in members}
    nearest = np.full(count, -1)
    for pair in reversed(pairs):
        if pair.first in cluster and cluster[pair.first] == cluster.get(pair.second):
            nearest[pair.first], nearest[pair.second] = pair.second, pair.first
    return nearest


def _settle(usable: Sequence[Entry], members: Sequence[int], nearest: NDArray[np.int64]) -> list[Entry]:
    """Name the group, and leave out what another split than the first declared one holds; returns those."""
    first = min((usable[position].declared_split for position in members), key=lambda split: KEEP_FIRST[split])
    side = {first} if first in ("test", "val") else {"train", ""}
    kept = [position for position in members if usable[position].declared_split in side]
    declared = {usable[position].group for position in members} - {""}
    name = declared.pop() if declared else usable[kept[0]].path
    for position in members:
        entry, detail = usable[position], f"nearly equal to {usable[nearest[position]].path}"
        if position in kept:
            entry.group = name
            entry.detail = "; ".join(filter(None, (entry.detail, detail)))
        else:
            entry.reject("quarantined", "near_duplicate", f"{detail}; a copy is declared {first}")
    return [usable[position] for position in members if position not in kept]


def _apart(pairs: Sequence[Pair], clustered: Sequence[Sequence[int]], declared: Sequence[str]) -> list[list[int]]:
    """Near duplicates in different clusters, but for images whose groups were both declared."""
    cluster = dict(enumerate(range(-len(declared), 0)))  # alone
    cluster |= {position: number for number, members in enumerate(clustered) for position in members}
    near = [(pair.first, pair.second) for pair in pairs if pair.distance <= 1]
    return [[i, j] for i, j in near if cluster[i] != cluster[j] and not (declared[i] and declared[j])]


def _paths(usable: Sequence[Entry], clustered: Sequence[Sequence[int]]) -> list[list[str]]:
    return [[usable[position].path for position in members] for members in clustered]
