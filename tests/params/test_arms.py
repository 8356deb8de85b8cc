"""The table of arms: nothing else spells what an arm is, and a row added to it is known everywhere."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from augment.params.arm_row import Family
from augment.params.arms import (
    ARM_ROWS,
    ARMS,
    AUGMENTATIONS,
    CONTROL_ARMS,
    DEFAULT_ARMS,
    GAN_ARMS,
    REAL_ARMS,
    REQUIRED_ARMS,
    ROW_OF,
    SOURCES,
    TABLE_ARMS,
    TABLE_BASE_ARMS,
    arm_kinds,
)
from augment.params.table_arms import TABLE_ONLY_ROWS
from augment.report.words import in_words

ROOT = Path(__file__).parents[2]
AMBIGUOUS = {
    *AUGMENTATIONS,
    *SOURCES,
    *get_args(Family),
    "none",
    "probe",
    "finetune",
}  # augmentations, sources and families have these names too
OTHER_MEANINGS = {  # of the same words: keys of verdict.json, values of `assemble.use`
    "evaluation/verdict/summary.py": {"as_delivered"},
    "report/contents.py": {"as_delivered"},
    "params/schema.py": {"gan_fill", "gan_half_filtered"},
}
NEW_ROW = 'ArmRow("copies_fill", "real", "copies", "fill", "Copies fill small classes up", default=True),'
USE_OF_THE_NEW_ARM = """
import numpy as np
from augment.data.imageset import ImageSet
from augment.evaluation.arms import draws as arms
from augment.evaluation.arms.baselines import baseline_images
from augment.params import Evaluate
from augment.params.arms import ARMS_DIFFERING_IN_IMAGES, ROW_OF, STANDALONE_ARMS, arm_kinds, augmentation_of, family_of
from augment.report.words import in_words

assert Evaluate().arm_names[-1] == "copies_fill" and "copies_fill" in Evaluate(arms="all").arm_names
assert Evaluate(arms=["none", "gan_half_filtered", "copies_half", "copies_fill"]).arm_names[-1] == "copies_fill"
assert "copies_fill" in Evaluate.model_fields["arms"].description
assert arm_kinds(["copies_fill"]) == {"copies_fill": "real"} and in_words("words", "copies_fill").startswith("Copies")
assert "copies_fill" in ARMS_DIFFERING_IN_IMAGES and "copies_fill" not in STANDALONE_ARMS
labels = np.array(list("aaaab"))
train = ImageSet(np.arange(5 * 64, dtype=np.uint8).reshape(5, 1, 8, 8), labels, labels, np.array(list("01234")))
made = baseline_images([ROW_OF["copies_fill"].source], train, {}, 3, "none", 0)
data = arms.arm_data("copies_fill", train, arms.samples_of_arm("copies_fill", arms.Samples(made)))
assert data.targets.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
assert np.allclose(data.sampling_weights, [1 / 8] * 5 + [1 / 8] * 3)
assert augmentation_of("copies_fill", "randaugment") == "randaugment" and family_of("copies_fill", "probe") == "probe"
"""


@pytest.mark.parametrize("file", sorted((ROOT / "augment").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_other_module_spells_an_arm(file: Path) -> None:
    name = file.relative_to(ROOT / "augment").as_posix()
    if name in ("params/arms.py", "params/table_arms.py"):
        return
    words = {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
    assert words & ({*ARMS, *ROW_OF} - AMBIGUOUS) <= OTHER_MEANINGS.get(name, set())


def test_a_row_added_to_the_table_is_known_everywhere(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "augment", tmp_path / "augment", ignore=shutil.ignore_patterns("__pycache__"))
    table, end = tmp_path / "augment/params/arms.py", ")  # fmt: skip\nROW_OF"
    text = table.read_text()
    assert text.count(end) == 1
    table.write_text(text.replace(end, f"    {NEW_ROW}\n{end}"))
    subprocess.run(
        [sys.executable, "-c", USE_OF_THE_NEW_ARM], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, check=True
    )


def test_rows_agree_with_themselves() -> None:
    """What a row says of its images and of their use fits together."""
    assert len(ROW_OF) == len(ARM_ROWS) + len(TABLE_ONLY_ROWS), "every name once"
    assert {*TABLE_ARMS} <= {*ROW_OF}
    assert {*TABLE_ARMS} >= {*REQUIRED_ARMS, *TABLE_BASE_ARMS, *(row.name for row in TABLE_ONLY_ROWS)}
    for row in (*ARM_ROWS, *TABLE_ONLY_ROWS):
        assert (row.source is not None) == (row.use in ("fill", "half", "first", "only") or row.name == "distilled_gan")
        assert row.spoken
        assert row.words
    assert {row.source for row in ARM_ROWS} - {None} == set(SOURCES)
    assert set(DEFAULT_ARMS) >= {"none", "gan_half_filtered", "copies_half"}


def test_the_lists_hold_every_arm_once():
    assert len(set(ARMS)) == len(ARMS) == 30
    assert set(DEFAULT_ARMS) < set(ARMS)
    kinds = arm_kinds(ARMS)
    assert [arm for arm in ARMS if kinds[arm] == "real"] == list(REAL_ARMS)
    assert [arm for arm in ARMS if kinds[arm] == "gan"] == list(GAN_ARMS)
    assert [arm for arm in ARMS if kinds[arm] == "control"] == list(CONTROL_ARMS)
    assert [arm for arm in ARMS if kinds[arm] == "delivered"] == ["as_delivered"]


def test_every_arm_has_words_of_its_own():
    assert [in_words("words", arm) for arm in ARMS] == [row.words for row in ARM_ROWS]
    assert len({row.words for row in ARM_ROWS} - set(ARMS)) == len(ARMS)
    assert len({row.spoken for row in ARM_ROWS} - set(ARMS)) == len(ARMS)


def test_the_page_explains_every_arm_and_marks_the_default_ones() -> None:
    page = (ROOT / "docs/arms.md").read_text()
    rows = re.findall(r"^\| `(\w+)`( \*)? \| (real|gan|control|delivered) \|", page, flags=re.MULTILINE)
    assert tuple(arm for arm, _, _ in rows) == ARMS
    assert tuple(arm for arm, star, _ in rows if star) == DEFAULT_ARMS
    assert {arm: kind for arm, _, kind in rows} == arm_kinds(ARMS)
