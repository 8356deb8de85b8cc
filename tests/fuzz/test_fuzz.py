"""Every harness for a short while; `pytest -m slow tests/fuzz -s` for longer."""

import itertools
import time
from types import ModuleType

import pytest

from tests.fuzz import bundle, decoder, tables
from tests.fuzz.driver import mutations

HARNESSES = (decoder, tables, bundle)
SHORT, LONG = 300, 20_000
LONGEST_S = 5.0  # of one input, on a busy machine


def drive(module: ModuleType, count: int, seed: int) -> float:
    """Inputs in turn; the longest time of one, in seconds."""
    longest = 0.0
    for content in itertools.islice(mutations(module.SEEDS, seed), count):
        began = time.process_time()
        module.harness(content)
        longest = max(longest, time.process_time() - began)
    return longest


@pytest.mark.parametrize("module", HARNESSES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_nothing_but_a_value_or_a_refusal(module: ModuleType) -> None:
    drive(module, SHORT, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("module", HARNESSES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_same_for_longer(module: ModuleType) -> None:
    longest = drive(module, LONG, seed=1)
    assert longest < LONGEST_S
    print(f"\n{module.__name__}: {LONG} inputs, none uncaught, the longest took {longest:.2f} s")


@pytest.mark.parametrize("module", HARNESSES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_harness_would_notice(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that lets something else through is found."""
    reader = {decoder: "decode", tables: "folder", bundle: "load_generators"}[module]
    monkeypatch.setattr(module, reader, lambda *_, **__: {}["no such key"])
    with pytest.raises(KeyError):
        drive(module, 20, seed=0)
