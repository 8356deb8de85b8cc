"""Arrays that many units share: the same values everywhere, sent once, and never one for another."""

import pickle

import numpy as np
import pytest

from augment.core.engine import Engine, SharedArray


def total(shared: SharedArray) -> tuple[int, str]:
    return int(shared.array.sum()), type(shared.array).__name__


@pytest.mark.parametrize("engine", [Engine("serial"), Engine("local", 2)], ids=["serial", "local"])
def test_units_see_the_values_of_their_own_array(engine: Engine) -> None:
    """Twice, since a descriptor that was closed is used again for another array."""
    for base in (1, 2):
        arrays = [np.full((3, 4), base * 10 + number, np.uint8) for number in range(3)]
        shared = [SharedArray(array) for array in arrays]
        found = dict(engine.map(total, [shared[number % 3] for number in range(9)]))
        assert [found[number][0] for number in range(9)] == [12 * (base * 10 + number % 3) for number in range(9)]
        for one in shared:
            one.close()
            one.close()


def test_what_travels_is_small_and_can_be_written_elsewhere() -> None:
    array = np.arange(100_000, dtype=np.int64).reshape(100, 1000)
    shared = SharedArray(array)
    sent = pickle.dumps(shared)
    assert len(sent) < 1000
    mapped = pickle.loads(sent)
    assert np.array_equal(mapped.array, array)
    assert mapped.array.dtype == array.dtype
    mapped.array[0, 0] = 7
    assert array[0, 0] == 0, "a private mapping"
    shared.close()


@pytest.mark.parametrize("known", [True, False])
def test_where_there_is_no_such_memory_the_array_travels(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    array = np.zeros((0, 2), np.uint8) if known else np.arange(6)
    if not known:
        monkeypatch.delattr("os.memfd_create", raising=False)
    assert np.array_equal(pickle.loads(pickle.dumps(SharedArray(array))).array, array)
