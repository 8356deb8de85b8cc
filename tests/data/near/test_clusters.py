"""Clusters of pairs given by hand, and what holds of all of them."""

from hypothesis import given
from hypothesis import strategies as st

from augment.data.near.grouping import MAX_TIGHT_DISTANCE, clusters
from augment.data.near.search import MAX_KIN_DISTANCE, Pair


def of(*pairs: tuple[float, int, int], declared: tuple[str, ...] = ("",) * 8) -> list[list[int]]:
    return clusters(sorted(Pair(*pair) for pair in pairs), declared)


def test_pairs_of_near_duplicates_are_clusters() -> None:
    assert of() == []
    assert of((1.0, 2, 5), (0.9, 3, 4), (1.1, 0, 1)) == [[2, 5], [3, 4]]


def test_a_chain_of_loose_pairs_breaks_at_its_longest_link() -> None:
    assert of((0.9, 0, 1), (0.8, 1, 2), (0.7, 2, 3)) == [[0, 1], [2, 3]]


def test_all_copies_of_one_picture_come_together() -> None:
    assert of((0.9, 0, 1), (0.95, 0, 2), (MAX_KIN_DISTANCE, 1, 2)) == [[0, 1, 2]]
    assert of((0.9, 0, 1), (0.95, 0, 2)) == [[0, 1]]


def test_tight_chains_hold() -> None:
    chain = [(MAX_TIGHT_DISTANCE, i, i + 1) for i in range(7)]
    assert of(*chain) == [list(range(8))]


def test_declared_groups_never_come_together() -> None:
    declared = ("x", "", "y", "", "", "", "", "")
    assert of((0.1, 0, 1), (0.2, 1, 2), declared=declared) == [[0, 1]]
    assert of((0.1, 0, 2), declared=declared) == []
    assert of((0.1, 0, 1), declared=("x", "x", *declared[2:])) == [[0, 1]]


links = st.dictionaries(
    st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(0, 400).map(lambda hundredths: hundredths / 100),
)


@given(links)
def test_what_holds_of_all_clusters(distances: dict[tuple[int, int], float]) -> None:
    found = of(*((distance, *pair) for pair, distance in distances.items()))
    members = [position for cluster in found for position in cluster]
    assert len(members) == len(set(members))
    assert all(cluster == sorted(cluster) and len(cluster) > 1 for cluster in found)
    where = {position: number for number, cluster in enumerate(found) for position in cluster}
    for (i, j), distance in distances.items():
        if distance <= MAX_TIGHT_DISTANCE:
            assert where[i] == where[j]
    if all(distance > MAX_TIGHT_DISTANCE for distance in distances.values()):
        for cluster in found:
            assert all(distances.get((i, j), 9) <= MAX_KIN_DISTANCE for i in cluster for j in cluster if i < j)


@given(links, st.permutations(range(8)))
def test_names_of_images_do_not_matter(distances: dict[tuple[int, int], float], order: list[int]) -> None:
    # Equal distances are taken in order of positions, so they are made different here.
    distinct = {pair: distance + rank / 1e6 for rank, (pair, distance) in enumerate(distances.items())}
    renamed = [(distance, *sorted((order[i], order[j]))) for (i, j), distance in distinct.items()]
    plain = of(*((distance, *pair) for pair, distance in distinct.items()))
    assert of(*renamed) == sorted(sorted(order[i] for i in cluster) for cluster in plain)
