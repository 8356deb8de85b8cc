"""What both ways into a training loop take: the order of the classes, and the range of values."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from augment.core.errors import ArgumentError, AugmentError
from augment.data.arguments import path_argument, sequence_argument, short
from augment.gan.generators import GeneratorSet
from augment.params import Params, load

Range = tuple[float, float]
RANGES: tuple[Range, ...] = ((0.0, 1.0), (-1.0, 1.0))
_JOINING = (torch.stack, torch.cat, torch.concat, torch.concatenate, torch.vstack, torch.hstack)


class Bytes(Tensor):
    """Images of uint8 from 0 to 255 that do not join floats, as torch would let them: whatever is in 0 to 1 beside them
    would be next to black. All that is made of them is a plain tensor."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _JOINING and args:
            found = {part.dtype for part in args[0] if isinstance(part, Tensor) and part.dtype != torch.uint8}
            if found:
                raise ArgumentError(
                    f"synthetic images are uint8 from 0 to 255 and stand in one batch with {found.pop()}: give "
                    "SyntheticDataset the range of the real images, value_range=(0, 1) or (-1, 1), or their transform"
                )
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))


def scaled(images: Tensor, value_range: Range) -> Tensor:
    """uint8 to float32 in the range."""
    low, high = value_range
    return images.float() / 255 * (high - low) + low


def range_argument(value_range: object, advice: str) -> Range | None:
    """Raises `ArgumentError` for another than (0, 1), (-1, 1) and None."""
    if value_range is None:
        return None
    if not isinstance(value_range, tuple | list) or tuple(value_range) not in RANGES:
        raise ArgumentError(f"value_range must be (0, 1) or (-1, 1), got {short(value_range)}; {advice}")
    low, high = value_range
    return float(low), float(high)


def class_order(generators: GeneratorSet, classes: Sequence[str] | None) -> list[str]:
    """The class order. Raises TypeError for what is no set of generators and no sequence, `ArgumentError` for a class
    that the generators were not trained for."""
    if not isinstance(generators, GeneratorSet):
        raise TypeError(f"generators must be a GeneratorSet, got {short(generators)}: augment.load_generators(folder)")
    order = generators.classes if classes is None else sequence_argument("classes", classes)
    unknown = [label for label in order if not isinstance(label, str) or label not in generators.class_to_idx]
    if unknown or len(set(order)) < len(order):
        theirs = f"which are of {generators.classes}; name each class once"
        raise ArgumentError(f"classes={order} do not fit the generators, {theirs}")
    return list(order)


def params_argument(params: object) -> Params | None:
    """The settings of a file. Raises TypeError or `ArgumentError` for what names none, `ParamsError` for what cannot be
    read."""
    if params is None:
        return None
    path = path_argument("params", params)
    if not path.is_file():
        raise ArgumentError(f"params: {path} is no file; give the run's params.yaml")
    try:
        return load(path)
    except ImportError as error:
        raise AugmentError(f"params: {path} needs {error.name}: pip install 'gan-augment[pipeline]'") from error


def refuse_numbers(order: Sequence[str], classes: object) -> None:
    """Where classes are called by numbers in another order, an index says one thing and its class another.

    order: of the classes; classes: the argument that states it, None where nobody did. Raises `ArgumentError`.
    """
    numeric = [label for label in order if label.isascii() and label.isdecimal()]
    if classes is None and len(numeric) == len(order) and list(order) != [str(index) for index in range(len(order))]:
        shown = ", ".join(f"{index} -> {label!r}" for index, label in enumerate(order[:4]))
        raise ArgumentError(
            f"classes: they are called by numbers, and an index is another than the name ({shown}, ...). State "
            f"classes=[...] in the order of your indices; by index it would be {list(order)[:12]}"
        )
