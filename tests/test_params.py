"""params.yaml: one schema, every mistake at once, the words of the file."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from augment.errors import ParamsError
from augment.params import ARMS, CONTROL_ARMS, GAN_ARMS, REAL_ARMS, Evaluate, Params, check, load
from augment.reference import document

ROOT = Path(__file__).parent.parent


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
    assert (ROOT / "docs/params.md").read_text() == document(), "run `python -m augment.reference > docs/params.md`"


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
    assert "ingest.size.1" in text and "500" in text  # noqa: PT018
    assert "ingest.background" in text and "300" in text  # noqa: PT018
    assert "train.loss" in text and "'wgan'" in text  # noqa: PT018
    assert "train.steps" in text and "'ten'" in text  # noqa: PT018
    assert "train.overrides.a b.stps: unknown key; did you mean `steps`?" in text


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
    assert params.ingest.train_per_class == {"0": 5, "no": 6, "7": 8}


@pytest.mark.parametrize("text", ["a: [", "\x00", "a: 1\na: 2\n", "&a [*a, *a"])
def test_unreadable_yaml_is_one_message(tmp_path: Path, text: str) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(ParamsError, match=r"params\.yaml: not readable as YAML"):
        load(file)


def test_a_missing_file_says_where_to_stand(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="root folder"):
        load(tmp_path / "params.yaml")


def test_the_verdict_keeps_the_arms_that_it_needs() -> None:
    assert "copies_half" in message({"evaluate": {"arms": ["none", "gan_half_filtered"]}})
    short = check({"evaluate": {"arms": ["copies_half", "gan_half_filtered", "none"]}})
    assert short.evaluate.arm_names == ("none", "gan_half_filtered", "copies_half")


def test_default_arms_all_arms_and_a_list() -> None:
    assert Evaluate().arm_names == (
        "none", "oversample", "classical", "gan_fill", "gan_half", "gan_half_filtered", "copies_half", "as_delivered",
    )  # fmt: skip
    assert check({"evaluate": {"arms": "all"}}).evaluate.arm_names == ARMS
    assert (*REAL_ARMS, *GAN_ARMS, *CONTROL_ARMS, "as_delivered") == ARMS
    listed = check({"evaluate": {"arms": ["smote_half", "copies_half", "gan_half_filtered", "none"]}})
    assert listed.evaluate.arm_names == ("none", "smote_half", "gan_half_filtered", "copies_half")
    assert "evaluate.arms" in message({"evaluate": {"arms": "every"}})
    assert "'smoote'" in message({"evaluate": {"arms": ["smoote"]}})


def test_params_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Params().seed = 3  # type: ignore[misc]
