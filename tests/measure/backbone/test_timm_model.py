"""Models of timm, with a stand-in for timm itself, which needs a torchvision that a torch for CPUs has none of."""

import builtins
import sys
import types

import pytest
import safetensors.torch
import torch
from torch import nn

from augment.core.errors import ParamsError
from augment.measure.backbone.backbone import check_backbone, load_backbone
from augment.measure.backbone.programs import load_program
from augment.params.backbone_section import BackboneFile
from tests.measure.backbone.networks import SIZE, convolutions


def create_model(name, pretrained, num_classes, in_chans):
    """As timm's: without a classifier for no classes."""
    assert (name, pretrained, num_classes) == ("tiny_net", False, 0)
    network = convolutions(in_chans)
    for weight in network.parameters():
        nn.init.normal_(weight)
    return network


@pytest.fixture(autouse=True)
def _timm(monkeypatch):
    models = ["tiny_net", "large_net"]
    stand_in = types.SimpleNamespace(__version__="1.0", list_models=lambda: models, create_model=create_model)
    monkeypatch.setitem(sys.modules, "timm", stand_in)
    load_backbone.cache_clear()


def chosen(weights, name="tiny_net", **settings):
    return BackboneFile(timm=name, weights=str(weights), **{"size": SIZE, **settings})


@pytest.mark.parametrize("kind", ["safetensors", "state dict", "within a checkpoint"])
@torch.no_grad()
def test_features_are_those_of_the_model_with_its_weights(kind, tmp_path):
    network, path = convolutions(), tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pth")
    weights = {**network.state_dict(), "classifier.weight": torch.zeros(5, 12)}
    if kind == "safetensors":
        safetensors.torch.save_file(weights, path)
    else:
        torch.save(weights if kind == "state dict" else {"state_dict": weights, "epoch": 3}, path)
    program, x = load_program(chosen(path)), torch.randn(3, 3, SIZE, SIZE)
    torch.testing.assert_close(program.last(program.frozen(x)), network(x))


def write_text(path):
    path.write_text("no weights")


def write_others(path):
    safetensors.torch.save_file({"0.weight": torch.zeros(4, 3, 3, 3)}, path)


def write_wide(path):
    weights = {name: value.clone() for name, value in convolutions().state_dict().items()}
    safetensors.torch.save_file({**weights, "0.weight": torch.zeros(4, 1, 3, 3)}, path)


@pytest.mark.parametrize(
    ("write", "name", "words"),
    [
        (lambda path: None, "w.safetensors", "there is no such file, and nothing is downloaded"),
        (lambda path: None, "w.pth", "there is no such file, and nothing is downloaded"),
        (write_text, "w.safetensors", "neither safetensors nor a state dict of torch.save"),
        (write_text, "w.pth", "neither safetensors nor a state dict of torch.save"),
        (lambda path: torch.save(convolutions(), path), "w.pth", "neither safetensors nor a state dict"),
        (lambda path: torch.save({"a": [1]}, path), "w.pth", "holds no state dict: names and tensors"),
        (write_others, "w.safetensors", "does not fit the model: 41 of its 42 tensors, such as 0.bias: is missing"),
        (
            write_wide,
            "w.safetensors",
            r"1 of its 42 tensors, such as 0.weight: has shape \(4, 1, 3, 3\) for \(4, 3, 3, 3\)",
        ),
    ],
)
def test_weights_that_are_none_or_do_not_fit_have_one_message(write, name, words, tmp_path):
    write(tmp_path / name)
    with pytest.raises(ParamsError, match=f"evaluate.backbone.weights: {tmp_path / name}: .*{words}"):
        check_backbone(chosen(tmp_path / name), (3, 32, 32))


def test_an_unknown_name_has_a_message(tmp_path):
    with pytest.raises(ParamsError, match=r"timm: tiny_nets: timm 1.0 has no such model; did you mean tiny_net"):
        check_backbone(chosen(tmp_path / "w", name="tiny_nets"), (3, 32, 32))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("No module named 'timm'"), r"run `pip install -c constraints.txt -e \"\.\[timm\]\"`"),
        (RuntimeError("operator torchvision::nms does not exist"), "install the torchvision that is built for torch"),
    ],
)
def test_without_timm_the_message_says_what_to_install(error, words, tmp_path, monkeypatch):
    real = builtins.__import__

    def failing(name, *rest):
        if name == "timm":
            raise error
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", failing)
    with pytest.raises(ParamsError, match=words):
        check_backbone(chosen(tmp_path / "w"), (3, 32, 32))
