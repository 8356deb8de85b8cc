"""A program cut in two where one value alone passes: what sees every image once, and the last layers, to train on.

BatchNorm's statistics stay as they were exported: nodes say so themselves, whatever the mode of a module.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from augment.measure.backbone.program_file import Node, ProgramFile, Value

TRAINED_SHARE, MOST_TRAINED = 1 / 7, 1 / 3  # of the layers, and at most
LAYERS = ("conv", "linear", "addmm", "mm", "bmm", "matmul")  # operators that are layers where they have weights
BATCH_SIZE = "torch.ops.aten.sym_size.int"


@dataclass(frozen=True)
class Program:
    """frozen and last as in `Backbone`."""

    frozen: nn.Module
    last: nn.Module | None


def cut(program: ProgramFile) -> Program:
    """In two where one value alone passes, near the seventh of its layers that comes last; else whole."""
    at = _cut_at(program)
    if at is None:
        return Program(_Part(program, program.nodes, program.entry, program.exit, trained=False), None)
    place, passed = at
    frozen = _Part(program, program.nodes[:place], program.entry, passed, trained=False)
    last = [_counting(node, program.entry, passed) for node in _last_nodes(program, place)]
    return Program(frozen, _Part(program, last, passed, program.exit, trained=True))


def _last_nodes(program: ProgramFile, place: int) -> list[Node]:
    """Those from `place` on, and before them what they need that depends on no image."""
    free, last = _free_of_images(program), list(program.nodes[place:])
    wanted = {name for node in last for name in _used(node)}
    for number in reversed(range(place)):
        node = program.nodes[number]
        changes_them = node.target.split(".")[-2].endswith("_") and not wanted.isdisjoint(_used(node))
        if number in free and (changes_them or not wanted.isdisjoint(_given(node))):
            last.insert(0, node)
            wanted |= {*_used(node)}
    return last


def _counting(node: Node, entry: str, passed: str) -> Node:
    """The last layers count the images by what is passed to them."""
    return replace(node, args=(Value(passed), 0)) if _is_count(node, entry) else node


def _is_count(node: Node, entry: str) -> bool:
    return node.target == BATCH_SIZE and node.args == (Value(entry), 0)


def _free_of_images(program: ProgramFile) -> set[int]:
    """Nodes that depend on weights and the number of images alone; both parts have their own."""
    free: set[int] = set()
    names = {*program.weights}
    for number, node in enumerate(program.nodes):
        if _is_count(node, program.entry) or {*_used(node)} <= names:
            free.add(number)
            names |= {*_given(node)}
    return free


def _cut_at(program: ProgramFile) -> tuple[int, str] | None:
    """The node that the last part begins with, and the value that it gets; of equal places the latest."""
    free = _free_of_images(program)
    known = {*program.weights, *(name for number in free for name in _given(program.nodes[number]))}
    layers = [_is_layer(node, program) for node in program.nodes]
    total, needed = sum(layers), {program.exit}
    most = max(1, MOST_TRAINED * total)
    places: list[tuple[float, int, str]] = []
    for number in reversed(range(len(program.nodes))):
        node = program.nodes[number]
        if number in free:
            continue
        needed = (needed - {*_given(node)}) | ({*_used(node)} - known)
        after = sum(layers[number:])
        if len(needed) == 1 and needed <= program.batched and 1 <= after <= min(most, total - 1):
            places.append((abs(after - TRAINED_SHARE * total), number, next(iter(needed))))
    if not places:
        return None
    _, number, passed = min(places, key=lambda place: place[0])
    return number, passed


def _is_layer(node: Node, program: ProgramFile) -> bool:
    """It multiplies by weights."""
    name = node.target.removeprefix("torch.ops.aten.").split(".")[0]
    return name.startswith(LAYERS) and not program.trained.isdisjoint(_used(node))


class _Part(nn.Module):
    """Nodes from one value to another, with the weights that they use: (N, ...) -> (N, ...)."""

    def __init__(self, program: ProgramFile, nodes: Sequence[Node], entry: str, exit_: str, trained: bool) -> None:
        super().__init__()
        used = {name for node in nodes for name in _used(node)}
        self.held = {name: f"held_{number}" for number, name in enumerate(sorted(used & {*program.weights}))}
        for name, attribute in self.held.items():
            if trained and name in program.trained:
                self.register_parameter(attribute, nn.Parameter(program.weights[name].clone()))
            else:
                self.register_buffer(attribute, program.weights[name])
        self.entry, self.exit, self.steps = entry, exit_, _with_last_uses([*nodes], {entry, exit_, *self.held})

    def forward(self, x: Tensor) -> Tensor:
        values: dict[str, Any] = {name: getattr(self, attribute) for name, attribute in self.held.items()}
        values[self.entry] = x.clone(
            memory_format=torch.contiguous_format
        )  # as exported; a node may change it in place
        for node, done in self.steps:
            args, kwargs = _filled(node.args, values), {key: _filled(arg, values) for key, arg in node.kwargs.items()}
            values |= _named(node, node.run(*args, **kwargs))
            for name in done:
                values.pop(name, None)
        found: Tensor = values[self.exit]
        return found


def _with_last_uses(nodes: list[Node], kept: set[str]) -> list[tuple[Node, list[str]]]:
    """Each node with the values that nobody asks for after it."""
    asked, steps = {*kept}, []
    for node in reversed(nodes):
        names = {*_used(node), *_given(node)}
        steps.append((node, sorted(names - asked)))
        asked |= names
    return steps[::-1]


def _named(node: Node, result: Any) -> dict[str, Any]:
    """What a node gives, by name."""
    results = [result] if len(node.outputs) == 1 else result
    named: dict[str, Any] = {}
    for output, value in zip(node.outputs, results, strict=True):
        named |= {output: value} if isinstance(output, str) else dict(zip(output, value, strict=True))
    return named


def _filled(argument: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(argument, Value):
        return values[argument.name]
    if isinstance(argument, (list, tuple)):
        return [_filled(one, values) for one in argument]
    return argument


def _used(node: Node) -> Iterator[str]:
    return _values([*node.args, *node.kwargs.values()])


def _given(node: Node) -> Iterator[str]:
    for output in node.outputs:
        yield from (output,) if isinstance(output, str) else output


def _values(argument: Any) -> Iterator[str]:
    if isinstance(argument, Value):
        yield argument.name
    elif isinstance(argument, (list, tuple)):
        for one in argument:
            yield from _values(one)
