"""The generator of a class whose weights lie in files, as stages hold those of a thousand classes."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from augment.gan.generators.class_generator import ClassGenerator
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Generator
from augment.gan.translate.translator import Translator


class KeptGenerator(ClassGenerator):
    """Holds no network: reads it whenever it draws, is saved, or is sent to another process, where it arrives as a
    plain `ClassGenerator`. On the CPU alone.

    read: the network, the same each time; raises what `sample` and `save` are then to raise.
    """

    def __init__(
        self,
        label: str,
        architecture: Architecture,
        read: Callable[[], Generator],
        training: Mapping[str, str | int | float],
        environment: Mapping[str, str],
        translator: Translator | None = None,
    ) -> None:
        self.label, self.translator = label, translator
        self.training, self.environment = dict(training), dict(environment)
        self._architecture, self._read = architecture, read

    @property
    def network(self) -> Generator:
        return self._read()

    @property
    def architecture(self) -> Architecture:
        return self._architecture

    def with_translator(self, translator: Translator) -> "KeptGenerator":
        return KeptGenerator(self.label, self._architecture, self._read, self.training, self.environment, translator)

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """As `ClassGenerator.sample`; the network is read once."""
        return ClassGenerator(self.label, self.network).sample(n, seed=seed, start=start)

    def __reduce__(self) -> tuple[Any, ...]:
        return ClassGenerator, (self.label, self.network, self.training, self.environment, self.translator)
