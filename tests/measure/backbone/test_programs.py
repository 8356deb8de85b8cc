"""Networks of torch.export: the same features as torch's own loader gives, cut or whole, and nothing of a file runs."""

import json
import os
import pickle
import re
import warnings
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from augment.core.errors import ParamsError
from augment.evaluation.arms.finetune import Rows, fit_finetuned
from augment.measure.backbone.backbone import check_backbone, load_backbone
from augment.measure.backbone.programs import load_program
from augment.params.backbone_section import BackboneFile
from tests.measure.backbone.networks import SIZE, Results, Tokens, Woven, convolutions, save

IMAGES = torch.randn(5, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(3))


def chosen(path, **settings):
    return BackboneFile(file=str(path), **{"size": SIZE, **settings})


@pytest.fixture(autouse=True)
def _fresh():
    load_backbone.cache_clear()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    networks = {"convolutions": convolutions(), "tokens": Tokens().eval(), "woven": Woven().eval()}
    return {name: (network, save(network, folder / f"{name}.pt2")) for name, network in networks.items()}


@pytest.mark.parametrize("name", ["convolutions", "tokens"])
@torch.no_grad()
def test_both_parts_give_the_features_of_the_network(saved, name):
    network, path = saved[name]
    program = load_program(chosen(path))
    h = program.frozen(IMAGES)
    kept = h.clone()
    torch.testing.assert_close(program.last(h), network(IMAGES))
    assert torch.equal(h, kept), "a node that works in place leaves what it was given"
    assert h.shape[0] == len(IMAGES)
    assert h.shape[1:] != IMAGES.shape[1:]


@pytest.mark.parametrize(("name", "layers"), [("convolutions", 1), ("tokens", 2)])
def test_about_a_seventh_of_the_layers_is_trained_and_statistics_are_not(saved, name, layers):
    network, path = saved[name]
    trained = dict(load_program(chosen(path)).last.named_parameters())
    assert sum(weight.ndim > 1 and min(weight.shape) > 1 for weight in trained.values()) == layers
    assert all(weight.requires_grad for weight in trained.values())
    own = {tuple(weight.shape) for weight in network.parameters()}
    assert {tuple(weight.shape) for weight in trained.values()} <= own
    statistics = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    for weight in trained.values():
        assert not any(
            weight.shape == one.running_var.shape and torch.equal(weight, one.running_var) for one in statistics
        )
    assert not list(load_program(chosen(path)).frozen.parameters())


def test_the_last_part_learns(saved):
    """The program stays as it is, for the next training."""
    program = load_program(chosen(saved["convolutions"][1]))
    before = {name: weight.clone() for name, weight in program.last.state_dict().items()}
    targets = np.array([0, 1, 0, 1, 1])
    with torch.no_grad():
        seen = program.frozen(IMAGES)
        activations = (seen * torch.from_numpy(1 + 20 * targets)[:, None, None, None]).half().numpy()
    network = fit_finetuned(
        Rows(activations, np.arange(5), activations[:0], targets, np.full(5, 0.2)), program.last, 2, seed=0
    )
    with torch.no_grad():
        assert network(torch.from_numpy(activations).float()).argmax(1).tolist() == targets.tolist()
    changed = {name for name, weight in network.last.state_dict().items() if not torch.equal(weight, before[name])}
    assert changed == {name for name, _ in program.last.named_parameters()}
    assert all(torch.equal(weight, before[name]) for name, weight in program.last.state_dict().items())


@torch.no_grad()
def test_a_network_that_does_not_come_apart_is_whole(saved):
    network, path = saved["woven"]
    program = load_program(chosen(path))
    assert program.last is None
    torch.testing.assert_close(program.frozen(IMAGES), network(IMAGES))


@torch.no_grad()
def test_decomposed_programs_are_read(tmp_path):
    """Their nodes give several values."""
    network, path = convolutions(), tmp_path / "core.pt2"
    with warnings.catch_warnings(action="ignore"):
        exported = torch.export.export(network, (IMAGES,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        torch.export.save(exported.run_decompositions(), path)
    program = load_program(chosen(path))
    torch.testing.assert_close(program.last(program.frozen(IMAGES)), network(IMAGES))
    check_backbone(chosen(path), (3, 32, 32))


@torch.no_grad()
def test_a_batch_that_was_fixed_is_any_batch_where_the_network_counts_no_images(tmp_path):
    network = convolutions()
    program = load_program(chosen(save(network, tmp_path / "one.pt2", batch=1)))
    torch.testing.assert_close(program.last(program.frozen(IMAGES)), network(IMAGES))


class Hostile:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def changed(source, path, change):
    """A copy of an archive whose entries `change` has seen: name, content -> content, None for gone."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return path


def test_nothing_of_a_file_runs(saved, tmp_path):
    """Pickles in all places that torch.export.load unpickles, an operator outside of torch's, and text in the graph."""
    source, trace = saved["convolutions"][1], tmp_path / "trace"
    evil = pickle.dumps(Hostile(trace))

    def inputs(name, content):
        return evil if "sample_inputs" in name else content

    program = load_program(chosen(changed(source, tmp_path / "inputs.pt2", inputs)))
    assert program.frozen(IMAGES).shape[0] == 5

    def weights(name, content):
        if name.endswith("weights_config.json"):
            return content.replace(b'"use_pickle": false', b'"use_pickle": true', 1)
        return evil if name.endswith("weight_0") else content

    with pytest.raises(ParamsError, match="pickled object, which could run code"):
        load_program(chosen(changed(source, tmp_path / "weights.pt2", weights)))
    for target in ("torch.ops.aten.from_file.default", "torch.serialization.os.mkdir", "_operator.call",
                   "torch.ops.aten.__class__.mro", "torch.hub.load"):  # fmt: skip

        def operators(name, content, target=target):
            return content.replace(b"torch.ops.aten.conv2d.default", target.encode()) if "models/" in name else content

        with pytest.raises(ParamsError, match=f"uses '{re.escape(target)}', which is none of torch's own operators"):
            load_program(chosen(changed(source, tmp_path / "operators.pt2", operators)))

    def guards(name, content):
        if "models/" not in name:
            return content
        text = json.loads(content)
        text["guards_code"] = [f"__import__('os').mkdir({str(trace)!r})"]
        return json.dumps(text).replace("s77", f"__import__('os').mkdir('{trace}')")

    load_program(chosen(changed(source, tmp_path / "guards.pt2", guards)))
    assert not trace.exists()


BAD_FILES = {
    "missing": (lambda path: None, "No such file or directory"),
    "folder": (lambda path: path.mkdir(), "Is a directory"),
    "text": (lambda path: path.write_text("no network"), "it is no archive, or cut off"),
    "pickle": (lambda path: path.write_bytes(pickle.dumps({})), "it is no archive, or cut off"),
    "state dict": (lambda path: torch.save({"a": torch.zeros(2)}, path), "torch.save or TorchScript, and holds"),
    "other zip": (lambda path: zipfile.ZipFile(path, "w").close(), "it holds no model"),
    "compressed": (
        lambda path: zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED).writestr("models/a.json", "{}"), "compressed"
    ),
    "damaged": (lambda path: _zip(path, {"a/models/model.json": "{}"}), "it is damaged: KeyError 'schema_version'"),
    "no json": (lambda path: _zip(path, {"a/models/model.json": "{"}), "it is damaged: JSONDecodeError"),
    "newer": (lambda path: _zip(path, {"models/model.json": '{"schema_version": {"major": 9}}'}), "of version 9, and"),
    "older": (lambda path: _zip(path, {"serialized_exported_program.json": "{}"}), "torch 2.7 or older"),
}  # fmt: skip


def _zip(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_none_has_one_message(name, tmp_path):
    write, words = BAD_FILES[name]
    path = tmp_path / "network.pt2"
    write(path)
    with pytest.raises(ParamsError) as caught:
        check_backbone(chosen(path), (3, 32, 32))
    text = str(caught.value)
    assert text.startswith(f"params.yaml: evaluate.backbone.file: {path}: ")
    assert words in text
    assert text.endswith("docs/backbones.md says how to export one")


def test_a_file_that_was_cut_off_has_a_message(saved, tmp_path):
    content = saved["convolutions"][1].read_bytes()
    (tmp_path / "half.pt2").write_bytes(content[: len(content) // 2])
    with pytest.raises(ParamsError, match=r"half\.pt2: no program .*it is no archive, or cut off"):
        check_backbone(chosen(tmp_path / "half.pt2"), (3, 32, 32))


BAD_NETWORKS = {
    "one number": (lambda: Results(lambda f: f.sum()), "gives shape () for 3 images"),
    "one number each": (lambda: Results(lambda f: f.sum(1)), "gives shape (3,) for 3 images"),
    "features first": (lambda: Results(lambda f: f.T), "gives shape (12, 3) for 3 images"),
    "two results": (lambda: Results(lambda f: (f, f)), "it gives 2 results"),
    "not finite": (lambda: Results(lambda f: f / 0), "values that are not finite"),
    "constant": (lambda: Results(lambda f: f * 0), "the same features for different images"),
    "mixes images": (lambda: Results(lambda f: f - f.mean(0)), "other features in a batch than alone"),
    "tokens": (lambda: Tokens(pooled=False).eval(), "gives shape (3, 17, 16) for 3 images, and not (N, D) or"),
    "training": (lambda: convolutions().train(), "exported while training; call eval() first"),
    "dropout": (lambda: nn.Sequential(convolutions(), nn.Dropout()), "exported while training; call eval() first"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_NETWORKS)
def test_a_network_that_does_not_fit_has_one_message(name, tmp_path):
    network, words = BAD_NETWORKS[name]
    path = save(network().train() if name == "dropout" else network(), tmp_path / "network.pt2")
    with pytest.raises(ParamsError, match=re.escape(words)) as caught:
        check_backbone(chosen(path), (3, 40, 40))
    assert str(caught.value).startswith(f"params.yaml: evaluate.backbone.file: {path}: ")


def test_a_batch_that_the_network_counts_must_be_free(tmp_path):
    with pytest.raises(ParamsError, match=r"does not take float32 \(3, 3, 32, 32\): .*a batch of any length"):
        check_backbone(chosen(save(Tokens().eval(), tmp_path / "two.pt2", batch=2)), (3, 32, 32))


def test_size_and_channels_are_those_of_the_file(saved, tmp_path):
    path = saved["convolutions"][1]
    with pytest.raises(ParamsError, match=r"takes 32x32 px, and evaluate.backbone.size is 224; set it to that"):
        check_backbone(chosen(path, size=224), (3, 32, 32))
    with pytest.raises(ParamsError, match=r"takes 3 channels; set evaluate.backbone.channels to that"):
        check_backbone(chosen(path, channels=1), (1, 32, 32))
    grey = save(convolutions(1), tmp_path / "grey.pt2", channels=1)
    with pytest.raises(ParamsError, match=r"channels: 1, but the images are RGB; set `ingest.color: grey`"):
        check_backbone(chosen(grey, channels=1), (3, 32, 32))
    check_backbone(chosen(grey, channels=1), (1, 32, 32))
    check_backbone(chosen(path), (1, 16, 24))
