"""A model of timm with weights from a file, exported here, so that it is read and cut as every other network."""

import difflib
import io
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from augment.core.errors import ParamsError
from augment.measure.backbone.program_file import ProgramFile, read_program
from augment.params.backbone_section import BackboneFile

UNREADABLE = (OSError, RuntimeError, ValueError, EOFError, KeyError, AttributeError, pickle.UnpicklingError)


def timm_program(chosen: BackboneFile) -> ProgramFile:
    """Its pooled features, without a classifier. Raises `ParamsError` where it, or its weights, cannot be had."""
    key = f"params.yaml: evaluate.backbone.timm: {chosen.timm}"
    timm = _timm(key)
    if chosen.timm not in timm.list_models():
        near = difflib.get_close_matches(str(chosen.timm), timm.list_models(), n=3)
        there = f"did you mean {' or '.join(near)}?" if near else "timm.list_models() names them"
        raise ParamsError(f"{key}: timm {timm.__version__} has no such model; {there}")
    model = timm.create_model(chosen.timm, pretrained=False, num_classes=0, in_chans=chosen.channels).eval()
    _load_weights(model, Path(str(chosen.weights)))
    images = torch.zeros(2, chosen.channels, chosen.size, chosen.size)
    exported = io.BytesIO()
    try:
        with warnings.catch_warnings(action="ignore"):
            batch = {0: torch.export.Dim("batch")}
            torch.export.save(torch.export.export(model, (images,), dynamic_shapes=(batch,)), exported)
        return read_program(exported)
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        side = f"{chosen.channels}x{chosen.size}x{chosen.size}"
        what = " ".join(str(error).split())[:200]
        raise ParamsError(f"{key}: cannot be exported for images of {side} ({what}); see size and channels") from error


def _timm(key: str) -> Any:
    try:
        import timm  # noqa: PLC0415  (an extra, which takes seconds to load)
    except ImportError as error:
        raise ParamsError(f'{key}: {error}: run `pip install -c constraints.txt -e ".[timm]"`') from error
    except RuntimeError as error:  # a torchvision of another build than torch
        raise ParamsError(
            f"{key}: timm does not load ({error}): install the torchvision that is built for torch {torch.__version__}"
        ) from error
    return timm


def _load_weights(model: nn.Module, path: Path) -> None:
    """From a state dict; what it holds beside the model's own, such as a classifier, is left."""
    key = f"params.yaml: evaluate.backbone.weights: {path}"
    weights = _state_dict(path, key)
    own = model.state_dict()
    missing = [name for name in own if name not in weights]
    other = [name for name in own if name in weights and weights[name].shape != own[name].shape]
    if missing or other:
        count, name = len(missing + other), (missing + other)[0]
        found = "is missing" if missing else f"has shape {tuple(weights[name].shape)} for {tuple(own[name].shape)}"
        raise ParamsError(f"{key}: does not fit the model: {count} of its {len(own)} tensors, such as {name}: {found}")
    model.load_state_dict({name: weights[name] for name in own})


def _state_dict(path: Path, key: str) -> Mapping[str, Tensor]:
    from safetensors import SafetensorError  # noqa: PLC0415  (for timm alone)
    from safetensors.torch import load_file  # noqa: PLC0415  (as above)

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ParamsError(
            f"{key}: there is no such file, and nothing is downloaded; name the model's weights"
        ) from error
    except (*UNREADABLE, SafetensorError) as error:
        raise ParamsError(
            f"{key}: neither safetensors nor a state dict of torch.save ({type(error).__name__})"
        ) from error
    held = next((held[name] for name in ("state_dict", "model") if isinstance(held, dict) and name in held), held)
    if not isinstance(held, dict) or not all(isinstance(value, Tensor) for value in held.values()):
        raise ParamsError(f"{key}: holds no state dict: names and tensors")
    return held
