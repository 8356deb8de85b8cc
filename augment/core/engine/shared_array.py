"""Arrays that many units of work read, and that do not travel with each of them."""

import itertools
import os
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_numbers = itertools.count()  # a descriptor is used again once it is closed; a number never is


class SharedArray:
    """A read-mostly array for units of work: worker processes map the memory of the process that holds it.

    `array` is the array itself here until a worker asks for it, then and elsewhere a private mapping, so that it is
    there once. The memory has no name in any folder, so nothing is left behind when a run is killed. Where the system
    has no such memory (Linux has it), the array travels with every unit of work, as any other does. To the machines of
    a cluster it goes once each, by Ray's object store, and cannot be written there.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self._descriptor: int | None = None
        self._number = next(_numbers)

    def __reduce__(self) -> tuple[Any, ...]:
        if not hasattr(os, "memfd_create") or not self.array.size:
            return SharedArray, (self.array,)
        if self._descriptor is None:
            self._descriptor = os.memfd_create("array")
            with os.fdopen(self._descriptor, "wb", closefd=False) as stream:
                stream.write(np.ascontiguousarray(self.array).data)
            self.array = _mapping(f"/proc/self/fd/{self._descriptor}", self.array.dtype.str, self.array.shape)
        return _mapped, (os.getpid(), self._number, self._descriptor, self.array.dtype.str, self.array.shape)

    def close(self) -> None:
        """Let the memory go; processes that have mapped it keep theirs."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@lru_cache(maxsize=4)
def _mapped(process: int, number: int, descriptor: int, dtype: str, shape: tuple[int, ...]) -> SharedArray:
    return SharedArray(_mapping(f"/proc/{process}/fd/{descriptor}", dtype, shape))


def _mapping(path: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    # "c": torch warns of memory that cannot be written; what is written stays in this process.
    return np.memmap(path, dtype, "c", shape=shape)
