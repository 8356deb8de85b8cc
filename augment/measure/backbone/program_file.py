"""A program of torch.export (.pt2), read without running anything of it: JSON, raw tensors, torch's operators by name.

`torch.export.load` unpickles parts of the file and evaluates text that stands in it (torch 2.13, export/pt2_archive and
_export/serde), so a file from elsewhere could run code of its own. The format is that of torch/_export/serde/schema.py.
"""

import json
import math
import operator
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

import torch
from torch import Tensor

SCHEMA = 8  # major version of the format
DTYPES = {1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64, 6: torch.float16,
          7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16}  # fmt: skip
FLOATS = (6, 7, 8, 13)
LAYOUTS = {1: torch.contiguous_format, 2: torch.channels_last, 4: torch.preserve_format}
OF_NUMBERS: dict[str, Callable[..., Any]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "truediv", "mod",
                                                                "neg", "eq", "ne", "lt", "le", "gt", "ge")},
    "torch.sym_int": int, "torch.sym_float": float, "torch.sym_max": max, "torch.sym_min": min,
    "math.ceil": math.ceil, "math.floor": math.floor, "math.trunc": math.trunc,
}  # fmt: skip
ATEN = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)")
DAMAGES = (KeyError, IndexError, AttributeError, TypeError, RuntimeError, RecursionError, OverflowError)
FILE_OPERATORS = ("from_file",)  # of torch's own, the one that opens files


@dataclass(frozen=True)
class Value:
    """What a node before has given."""

    name: str


@dataclass(frozen=True)
class Node:
    """One operator: its arguments, with `Value`s at any depth, and the names of what it gives.

    outputs: a name; names of a list; or several of either
    """

    target: str
    run: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True)
class ProgramFile:
    """nodes: in the order that they run in; weights: by name; trained: those of them that training would change.

    entry, exit: the names of the images and the features; shapes: (N, ...) of values, None where a size is free;
    batched: floating-point values whose first size is that of the batch
    """

    nodes: tuple[Node, ...]
    weights: Mapping[str, Tensor]
    trained: frozenset[str]
    entry: str
    exit: str
    shapes: Mapping[str, tuple[int | None, ...]]
    batched: frozenset[str]


def read_program(source: IO[bytes] | str) -> ProgramFile:
    """Raises `ValueError` that says what is wrong, `OSError` where it cannot be read."""
    try:
        with zipfile.ZipFile(source) as archive:
            return _program(archive)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError("it is no archive, or cut off") from error
    except (*DAMAGES, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is damaged: {type(error).__name__} {' '.join(str(error).split())[:200]}") from error


def _program(archive: zipfile.ZipFile) -> ProgramFile:
    folder, name = _model_of(archive)
    program = json.loads(archive.read(f"{folder}models/{name}.json"))
    found = program["schema_version"]["major"]
    if found != SCHEMA:
        raise ValueError(f"its format is of version {found}, and version {SCHEMA} is read; export it with torch 2.13")
    graph, signature = program["graph_module"]["graph"], program["graph_module"]["signature"]
    tensors = {
        kind: _tensors(archive, f"{folder}data/{kind}/", f"{name}_{kind}_config.json")
        for kind in ("weights", "constants")
    }
    weights, trained, images = _inputs(signature["input_specs"], tensors)
    metas = graph["tensor_values"]
    sizes = {value: meta["sizes"] for value, meta in metas.items()}
    like_images = {value for value, of_value in sizes.items() if of_value and _same(of_value[0], sizes[images][0])}
    return ProgramFile(
        tuple(_node(node) for node in graph["nodes"] if node["outputs"]),
        weights,
        trained,
        images,
        _result(signature["output_specs"]),
        {value: tuple(size.get("as_int") for size in of_value) for value, of_value in sizes.items()},
        frozenset(value for value in like_images if metas[value]["dtype"] in FLOATS),
    )


def _model_of(archive: zipfile.ZipFile) -> tuple[str, str]:
    """The folder in the archive that holds all, and the name of its model."""
    names = archive.namelist()
    if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
        raise ValueError("it is compressed, which torch.export.save does not do")
    models = [found for name in names if (found := re.fullmatch(r"(|.*/)models/([^/]+)\.json", name))]
    if len(models) == 1:
        return models[0][1], models[0][2]
    others = {
        "/serialized_exported_program.json": "it was saved by torch 2.7 or older; export it again",
        "/data.pkl": "it is of torch.save or TorchScript, and holds pickled objects",
        "/aotinductor/": "it is compiled",
    }
    what = next(
        (text for part, text in others.items() if any(part in f"/{name}" for name in names)), "it holds no model"
    )
    raise ValueError(what)


def _result(specs: list[dict[str, Any]]) -> str:
    """The name of the one tensor that a network gives."""
    if any("buffer_mutation" in spec for spec in specs):
        raise ValueError("it was exported while training; call eval() first")
    given = [spec["user_output"]["arg"] for spec in specs]
    if len(given) != 1 or "as_tensor" not in given[0]:
        raise ValueError(f"it gives {len(given)} results, or none that is a tensor; export a network that gives one")
    return str(given[0]["as_tensor"]["name"])


def _same(size: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Two sizes are one number, or one expression."""
    texts = [one.get("as_int", one.get("as_expr", {}).get("expr_str")) for one in (size, other)]
    return texts[0] is not None and texts[0] == texts[1]


def _inputs(
    specs: list[dict[str, Any]], tensors: Mapping[str, Mapping[str, Tensor]]
) -> tuple[dict[str, Tensor], frozenset[str], str]:
    """Weights by the names that nodes know them by, which of them are parameters, and the name of the images."""
    weights: dict[str, Tensor] = {}
    trained, images = set(), []
    for spec in specs:
        [(kind, value)] = spec.items()
        match kind:
            case "user_input":
                images.append(value["arg"]["as_tensor"]["name"])
                continue
            case "parameter":
                trained.add(value["arg"]["name"])
                key = value["parameter_name"]
            case "buffer":
                key = value["buffer_name"]
            case "tensor_constant":
                key = value["tensor_constant_name"]
            case _:
                raise ValueError(f"it takes {kind.replace('_', ' ')}, where only images are given")
        weights[value["arg"]["name"]] = {**tensors["constants"], **tensors["weights"]}[key]
    if len(images) != 1:
        raise ValueError(f"it takes {len(images)} inputs, where only images are given")
    return weights, frozenset(name for name in trained if weights[name].is_floating_point()), images[0]


def _tensors(archive: zipfile.ZipFile, folder: str, config: str) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for key, entry in json.loads(archive.read(folder + config))["config"].items():
        if entry["use_pickle"] or entry["tensor_meta"] is None:
            raise ValueError(f"{key} is a pickled object, which could run code, and not a plain tensor")
        content, meta = bytearray(archive.read(folder + entry["path_name"])), entry["tensor_meta"]
        sizes, strides = ([size["as_int"] for size in meta[name]] for name in ("sizes", "strides"))
        dtype = DTYPES[meta["dtype"]]
        flat = torch.frombuffer(content, dtype=dtype) if content else torch.empty(0, dtype=dtype)
        found[key] = torch.as_strided(flat, sizes, strides, meta["storage_offset"]["as_int"]).contiguous()
    return found


def _node(node: Mapping[str, Any]) -> Node:
    args = [(one["name"], one["kind"], _argument(one["arg"])) for one in node["inputs"]]
    if any(name in ("train", "training") and value is True for name, _, value in args):
        raise ValueError("it was exported while training; call eval() first")
    return Node(
        node["target"], _operator(node["target"]), tuple(value for _, kind, value in args if kind == 1),
        {name: value for name, kind, value in args if kind == 2}, tuple(map(_output, node["outputs"])),
    )  # fmt: skip


def _operator(target: str) -> Callable[..., Any]:
    if target in OF_NUMBERS:
        return OF_NUMBERS[target]
    named = ATEN.fullmatch(target)
    if named and named[1] not in FILE_OPERATORS:
        found = getattr(getattr(torch.ops.aten, named[1], None), named[2], None)
        if isinstance(found, torch._ops.OpOverload):
            return found
    raise ValueError(f"it uses {target!r}, which is none of torch's own operators (aten)")


def _output(spec: Mapping[str, Any]) -> str | tuple[str, ...]:
    [(kind, value)] = spec.items()
    if kind == "as_tensors":
        return tuple(one["name"] for one in value)
    return str(value.get("name", value.get("as_name", ""))) if isinstance(value, dict) else ""


def _argument(spec: Mapping[str, Any]) -> Any:
    """A plain value, or `Value`s in its place."""
    [(kind, value)] = spec.items()
    if kind not in READ:
        raise ValueError(f"it holds an argument of a kind that is not read ({kind})")
    return READ[kind](value)


def _arguments(specs: list[Mapping[str, Any]]) -> list[Any]:
    return [_argument(spec) for spec in specs]


def _as_it_is(value: Any) -> Any:
    return value


READ: dict[str, Callable[[Any], Any]] = {  # by kind of an argument
    **dict.fromkeys(("as_int", "as_ints", "as_bool", "as_bools", "as_string"), _as_it_is),
    **dict.fromkeys(("as_sym_int", "as_sym_bool", "as_sym_float", "as_optional_tensor"), _argument),
    **dict.fromkeys(("as_sym_ints", "as_sym_bools", "as_sym_floats", "as_optional_tensors"), _arguments),
    "as_none": lambda _: None,
    "as_name": Value,
    "as_tensor": lambda value: Value(value["name"]),
    "as_tensors": lambda values: [Value(value["name"]) for value in values],
    "as_float": float,  # infinity is a text
    "as_floats": lambda values: list(map(float, values)),
    "as_scalar_type": DTYPES.__getitem__,
    "as_memory_format": LAYOUTS.__getitem__,
    "as_layout": lambda _: torch.strided,
    "as_device": lambda _: torch.device("cpu"),
}
