"""The code of docs/backbones.md gives a file that is read."""

import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from augment.measure.backbone.backbone import check_backbone, features, load_backbone
from augment.params import check
from tests.measure.backbone.networks import convolutions

PAGE = (Path(__file__).parents[3] / "docs/backbones.md").read_text()


def block(language: str) -> str:
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


def test_the_code_of_the_page_exports_what_its_settings_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "my_project", types.SimpleNamespace(network=convolutions().train()))
    with warnings.catch_warnings(action="ignore"):
        exec(block("python"), {})
    chosen = check(YAML(typ="safe").load(block("yaml"))).evaluate.backbone
    load_backbone.cache_clear()
    check_backbone(chosen, (1, 28, 28))
    assert features(load_backbone(chosen), np.zeros((2, 1, 28, 28), np.uint8)).shape == (2, 12)
    load_backbone.cache_clear()
