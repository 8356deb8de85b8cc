"""Objects that stay on the machine that a run was started on, such as its work store; units ask them from anywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Kept = TypeVar("Kept")
Answer = TypeVar("Answer")


class Home(Protocol):
    """Where such an object is."""

    def ask(self, method: Callable[..., Answer], *arguments: Any) -> Answer:
        """What `method(object, *arguments)` returns or raises there."""
        ...


@dataclass(frozen=True)
class Here(Generic[Kept]):
    """In the process of the unit: all processes of a machine see the same files."""

    kept: Kept

    def ask(self, method: Callable[..., Answer], *arguments: Any) -> Answer:
        return method(self.kept, *arguments)
