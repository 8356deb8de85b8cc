"""A small set of bundles, and the tools of somebody who changes one and makes all hashes right again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from augment.core.files import json_text, sha256, sha256_json
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLAN = Architecture("dcgan", 1, 5, 6, latent=2, features=4)
Values = dict[str, Any]


def write_set(folder: Path, plan: Architecture = PLAN) -> Path:
    """Classes `a` and `b c` with generators, `z` without; a shared one."""
    networks = [ClassGenerator(label, build(plan, seed)[0], {"steps": 3}, {"torch": "x"})
                for seed, label in enumerate(("a", "b c", "shared"))]  # fmt: skip
    generators = {"a": networks[0], "b c": networks[1]}
    GeneratorSet(generators, {"z": "collapsed"}, ["b c", "a", "z"], networks[2]).save(folder)
    return folder


def write_signed(path: Path, values: Values) -> None:
    """JSON in the form of this program, its own hash right."""
    rest = {key: value for key, value in values.items() if key != "sha256"}
    path.write_text(json_text({**rest, "sha256": sha256_json(rest)}), encoding="utf-8")


def change_json(path: Path, **changes: Any) -> None:
    """Set keys, or take away those that are None, and sign."""
    values = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    write_signed(path, {key: value for key, value in values.items() if value is not None})


def bind(root: Path) -> None:
    """Index the files as they are by now."""
    files = json.loads((root / "index.json").read_text())["files"]
    change_json(root / "index.json", files={name: sha256((root / name).read_bytes()) for name in files})


def change_manifest(root: Path, name: str = "a", **changes: Any) -> None:
    change_json(root / name / "manifest.json", **changes)
    bind(root)


def put_weights(root: Path, content: bytes, name: str = "a") -> None:
    """Other bytes for the weights, with all hashes of them right."""
    (root / name / "generator.safetensors").write_bytes(content)
    change_manifest(root, name, weights_sha256=sha256(content))


def change_weights(root: Path, change: Callable[[dict[str, torch.Tensor]], object], name: str = "a") -> None:
    weights = safetensors.torch.load((root / name / "generator.safetensors").read_bytes())
    change(weights)
    put_weights(root, safetensors.torch.save(weights), name)
