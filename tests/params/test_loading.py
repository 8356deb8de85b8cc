"""params.yaml: one schema, every mistake at once, the words of the file."""

import contextlib
import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML

from augment.core.errors import ParamsError
from augment.params import Evaluate, Override, Params, check, load
from augment.params.arms import ARMS, CONTROL_ARMS, GAN_ARMS, REAL_ARMS, REQUIRED_ARMS
from augment.params.types import OUTPUTS
from pipeline.parameters import document

ROOT = Path(__file__).parents[2]


def message(values: object) -> str:
    with pytest.raises(ParamsError) as caught:
        check(values)
    return str(caught.value)


def test_the_shipped_file_holds_every_key_with_a_comment() -> None:
    text = (ROOT / "params.yaml").read_text()
    for name, field in Params.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            body = text.split(f"\n{name}:", 1)[1]
            for key in section.model_fields:
                line = next(line for line in body.splitlines() if line.startswith(f"  {key}:"))
                assert "#" in line or key == "title", f"{name}.{key} has no comment"


def test_the_shipped_values_are_the_defaults() -> None:
    shipped = load(ROOT / "params.yaml")
    drawn = shipped.ingest.train_per_class
    assert drawn == {str(digit): 60 if digit < 5 else 10 for digit in range(10)}
    without = shipped.model_copy(update={"ingest": shipped.ingest.model_copy(update={"train_per_class": None})})
    assert without == Params()


def test_the_page_of_parameters_is_the_schema() -> None:
    assert (ROOT / "docs/params.md").read_text() == document(), "python -m pipeline.parameters > docs/params.md"


def test_all_mistakes_at_once_with_file_and_key() -> None:
    text = message(
        {
            "sed": 1,
            "ingest": {"sorce": "x", "size": [2, 500], "background": 300},
            "train": {"loss": "wgan", "steps": "ten", "overrides": {"a b": {"stps": 3}}},
        }
    )
    lines = text.splitlines()
    assert all(line.startswith("params.yaml: ") for line in lines)
    assert "sed: unknown key; did you mean `seed`?" in text
    assert "ingest.sorce: unknown key; did you mean `source`?" in text
    assert "ingest.size.1" in text
    assert "500" in text
    assert "ingest.background" in text
    assert "300" in text
    assert "train.loss" in text
    assert "'wgan'" in text
    assert "train.steps" in text
    assert "'ten'" in text
    assert "train.overrides.a b.stps: unknown key; did you mean `steps`?" in text


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"train": {"loss": "hing"}},
            "train.loss: 'hing' is not allowed; did you mean `hinge`? Allowed: `relativistic`, ",
        ),
        (
            {"train": {"steps": "aut"}},
            "train.steps: 'aut' is not allowed; did you mean `auto`? Allowed: whole number ≥ 1",
        ),
        ({"train": {"steps": 1.5}}, "train.steps: 1.5 is not allowed; allowed: whole number ≥ 1, ≤ 10000000 or `auto`"),
        ({"train": {"learning_rate": True}}, "train.learning_rate: true is not allowed; allowed: number > 0, ≤ 0.1 or"),
        (
            {"train": {"overrides": {"int": {"steps": 0}}}},
            "train.overrides.int.steps: 0 is not allowed; allowed: whole",
        ),
        (
            {"train": {"overrides": {"a": None}}},
            "train.overrides.a: null is not allowed; it must hold keys such as `st",
        ),
        ({"train": {"overrides": [1]}}, "train.overrides: [1] is not allowed; allowed: mapping"),
        ({"train": None}, "train: null is not allowed; it must hold keys such as `network:`"),
        ({"ingest": {"size": [8, "x"]}}, "ingest.size.1: 'x' is not allowed; allowed: whole number ≥ 2, ≤ 256 or ["),
        ({"ingest": {"train_per_class": {"a": 0}}}, "ingest.train_per_class.a: 0 is not allowed; allowed: "),
        ({"ingest": {"path": None}}, "ingest.path: null is not allowed; allowed: text not empty"),
        ({"evaluate": {"arms": ["smoote"]}}, "evaluate.arms.0: 'smoote' is not allowed; did you mean `smote`? Allowed"),
        (
            {"evaluate": {"arms": "gan_hal"}},
            "evaluate.arms: 'gan_hal' is not allowed; did you mean `gan_half`? Allowed",
        ),
        (
            {"evaluate": {"arms": "gan_half"}},
            "evaluate.arms: 'gan_half' is not allowed; write it as a list, [gan_half].",
        ),
        ({"evaluate": {"normal": "good"}}, "evaluate.normal"),
        ({3: 4}, "3: unknown key; allowed here: seed, ingest, "),
        ({"seed": list(range(10**6))}, "seed: [0, 1, 2, 3, 4, 5, ...] is not allowed; allowed: whole number"),
    ],
)
def test_one_line_for_one_mistake(values: object, line: str) -> None:
    text = message(values)
    assert text.startswith(f"params.yaml: {line}")
    assert "\n" not in text


FLOATS = [
    (name, key)
    for name, model in [*((n, f.annotation) for n, f in Params.model_fields.items() if n != "seed"), ("", Override)]
    for key, schema in model.model_json_schema()["properties"].items()
    if "number" in [schema.get("type"), *(branch.get("type") for branch in schema.get("anyOf", ()))]
]


@pytest.mark.parametrize(("section", "key"), FLOATS)
@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_no_number_may_be_infinite_or_none_at_all(section: str, key: str, value: float) -> None:
    values = {section: {key: value}} if section else {"train": {"overrides": {"a": {key: value}}}}
    assert f".{key}: {value} is not allowed; allowed: " in message(values)


def test_there_are_numbers_to_look_at() -> None:
    assert {("train", "gamma"), ("evaluate", "equivalence"), ("", "gamma"), ("ingest", "test_fraction")} <= {*FLOATS}


@pytest.mark.parametrize("section", [("ingest", "path"), ("train", "base")])
@pytest.mark.parametrize(
    "path", [".", "data", "data/prepared", "./models/", "data/raw/../../reports/x", "..", "/", ROOT]
)
def test_what_dvc_watches_stands_apart_from_what_the_pipeline_writes(
    section: tuple[str, str], path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    name, key = section
    assert f"{name}.{key}: {str(path)!r} is, holds or lies in" in message({name: {key: str(path)}})
    for other in ("data/raw", "data/preparedly", "../models", "my data", "/data"):
        assert getattr(getattr(check({name: {key: other}}), name), key) == other
    assert "is an address" in message({name: {key: "s3://images"}})


def test_the_outputs_are_those_of_dvc_yaml() -> None:
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].values()
    written = [path for stage in stages for path in [*stage["outs"], *stage.get("metrics", ())]]
    assert {next((out for out in OUTPUTS if path == out or path.startswith(f"{out}/")), path) for path in written} == {
        *OUTPUTS
    }


@pytest.mark.parametrize("values", [[], 3, "x", {"train": 3}, {"seed": True}, {"seed": 1.5}, {"seed": -1}])
def test_wrong_shapes(values: object) -> None:
    assert "params.yaml" in message(values)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(TREES, st.sampled_from(["seed", "ingest", "train", "evaluate", "compute", "report"]))
def test_whatever_stands_there_is_accepted_or_explained(value: object, section: str) -> None:
    with contextlib.suppress(ParamsError):
        assert isinstance(check({section: value}), Params)


def test_yaml_is_read_as_dvc_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text('train: {learning_rate: 1e-3}\ningest: {train_per_class: {0: 5, "no": 6, 07: 8}}\n')
    params = load(file)
    assert params.train.learning_rate == 0.001
    assert params.ingest.train_per_class == {"0": 5, "no": 6, "07": 8}, "names as they are spelled"


@pytest.mark.parametrize("text", ["a: [", "\x00", "a: 1\na: 2\n", "&a [*a, *a"])
def test_unreadable_yaml_is_one_message(tmp_path: Path, text: str) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(ParamsError, match=r"params\.yaml: not readable as YAML"):
        load(file)


def test_a_file_that_is_a_trap_is_one_message(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("[" * 5_000)
    with pytest.raises(ParamsError, match="not readable as YAML"):
        load(file)
    names = "abcdefghijklmnopqrst"
    bomb = [f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]" for before, one in itertools.pairwise(names)]
    file.write_text("a: &a [x]\n" + "\n".join(bomb) + "\nseed: *t\n")
    with pytest.raises(ParamsError, match="seed: "):
        load(file)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(ParamsError, match="not a regular file"):
        load(file)


def test_a_missing_file_says_where_to_stand(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="root folder"):
        load(tmp_path / "params.yaml")


def test_the_verdict_keeps_the_arms_that_it_needs() -> None:
    assert "copies_half" in message({"evaluate": {"arms": ["none", "gan_half_filtered"]}})
    short = check({"evaluate": {"arms": ["copies_half", "gan_half_filtered", "none"]}})
    assert short.evaluate.arm_names == ("none", "gan_half_filtered", "copies_half")


def test_either_size_may_be_a_list() -> None:
    found = check({"ingest": {"size": [32, 24]}, "assemble": {"size": [299, 224]}})
    assert (found.ingest.size, found.assemble.size) == ((32, 24), (299, 224))
    assert "assemble.size" in message({"assemble": {"size": [1, 2, 3]}})


def test_the_augmentation_that_made_images_are_added_to_is_a_rival() -> None:
    few = ["none", "classical", "gan_half_filtered", "copies_half"]
    assert "must be among the arms too" in message({"evaluate": {"arms": few, "augmentation": "randaugment"}})
    assert check({"evaluate": {"arms": few, "augmentation": "classical"}}).evaluate.augmentation == "classical"


def test_default_arms_all_arms_and_a_list() -> None:
    assert Evaluate().arm_names == (
        "none", "oversample", "logit_adjusted", "classical", "randaugment", "mixup_cutmix", "probe", "finetune", "cmo",
        "gan_fill", "gan_half", "gan_half_filtered", "gan_half_unmatched", "copies_half", "as_delivered",
    )  # fmt: skip
    assert check({"evaluate": {"arms": "all"}}).evaluate.arm_names == tuple(
        arm for arm in ARMS if arm != "normal_distance"
    )
    named = check({"evaluate": {"arms": "all", "normal": "good"}})
    assert named.evaluate.arm_names == ARMS, "the distance to normal images needs to know which these are"
    assert "needs evaluate.normal" in message({"evaluate": {"arms": [*REQUIRED_ARMS, "normal_distance"]}})
    assert (*REAL_ARMS, *GAN_ARMS, *CONTROL_ARMS, "as_delivered") == ARMS
    listed = check({"evaluate": {"arms": ["smote_half", "copies_half", "gan_half_filtered", "none"]}})
    assert listed.evaluate.arm_names == ("none", "smote_half", "gan_half_filtered", "copies_half")
    assert "evaluate.arms" in message({"evaluate": {"arms": "every"}})
    assert "'smoote'" in message({"evaluate": {"arms": ["smoote"]}})


def test_params_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Params().seed = 3  # type: ignore[misc]  (what mypy sees too is the point)


OWN = "evaluate.backbone"
PAIR = "`timm` and `weights` belong together: the model's name and its weights file"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            "lite1",
            f"{OWN}: 'lite1' is not allowed; did you mean `lite0`? Allowed: `lite0` or mapping with keys such as",
        ),
        (5, f"{OWN}: 5 is not allowed; allowed: `lite0` or mapping with keys such as `file:`"),
        ({"fil": "x"}, f"{OWN}.fil: unknown key; did you mean `file`?"),
        ({"file": "a", "size": "big"}, f"{OWN}.size: 'big' is not allowed; allowed: whole number ≥ 16, ≤ 1024"),
        ({"file": "a", "channels": 2}, f"{OWN}.channels: 2 is not allowed; allowed: `1`, `3`"),
        ({"file": "a", "mean": [0.5, "x", 1]}, f"{OWN}.mean.1: 'x' is not allowed; allowed: [number, number, number]"),
        ({"file": "a", "std": [0, 1, 1]}, f"{OWN}: std must be above 0"),
        ({"timm": "resnet18"}, f"{OWN}: {PAIR}"),
        ({"file": "a", "weights": "b"}, f"{OWN}: {PAIR}"),
        ({}, f"{OWN}: name either `file` (a .pt2 program) or `timm` (a model) with `weights`"),
    ],
)
def test_mistakes_in_a_network_of_ones_own_have_one_line_each(value: object, words: str) -> None:
    text = message({"evaluate": {"backbone": value}})
    assert words in text
    assert "\n" not in text


def test_a_network_of_ones_own_is_read_with_lists() -> None:
    found = check({"evaluate": {"backbone": {"file": "a.pt2", "size": 64, "mean": [0, 0.5, 1], "std": [1, 1, 1]}}})
    assert found.evaluate.backbone.mean == (0, 0.5, 1)
    assert hash(found.evaluate.backbone) == hash(found.evaluate.backbone.model_copy())


def test_a_key_is_the_class_as_it_is_spelled(tmp_path: Path) -> None:
    """YAML would make the number 1 of both, and 1.1 of 1.10."""
    path = tmp_path / "params.yaml"
    path.write_text("train:\n  overrides: {01: {steps: 3}, 1: {steps: 4}, 1.10: {steps: 5}, true: {steps: 6}}\n")
    assert {label: own.steps for label, own in load(path).train.overrides.items()} == {
        "01": 3, "1": 4, "1.10": 5, "true": 6,
    }  # fmt: skip


def test_a_label_with_a_nought_ahead_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("seed: 010\nevaluate: {normal: 01, primary: recall_at_far}\n")
    assert (load(path).evaluate.normal, load(path).seed) == ("01", 10)


def test_another_encoding_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"seed: 0\n# caf\xe9\n")
    with pytest.raises(ParamsError, match=r"line 2 is not UTF-8; save"):
        load(tmp_path / "params.yaml")
