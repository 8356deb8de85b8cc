"""The house keeps its shape: small rooms, imports that point upward, and a dvc.yaml that knows its stages' imports."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from augment.params import Evaluate

ROOT = Path(__file__).parent.parent
ORDER = [
    "core",
    "params",
    "project",
    "data",
    "measure",
    "gan",
    "synthesis",
    "evaluation",
    "report",
    "sharing",
    "explore",
    "commands",
]  # each those before it
MAX_FOLDER_FILES, MAX_FILE_LINES, MAX_FUNCTION_LINES = 12, 250, 40
LARGE_FOLDERS: dict[str, str] = {}  # of augment/ -> why it is not divided
LONG_FILES: dict[str, str] = {}  # of augment/ -> why
LONG_FUNCTIONS = {  # of augment/ -> why it is not divided
    "evaluation/samples/copies.py: copy_rate": "half of it says what the shares mean",
    "evaluation/verdict/rules.py: decide": "the rules in the order of docs/protocol.md, one after the other",
    "gan/api.py: train_generators": "its docstring is the reference of the public call",
}
FILES = sorted((ROOT / "augment").rglob("*.py"))
EVALUATION = [
    "statistics",
    "arms",
    "experiment",
    "samples",
    "verdict",
]  # each those before it; statistics sees no image
NO_IMAGES = ["augment.core", "augment.params", "augment.evaluation.statistics"]  # all that statistics may import
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
WORDS_ONLY = (  # they decide what a person reads, or how a run ends, and nothing that a stage writes
    "augment/core/processes.py",  # a stage goes with its parent, memory goes back
    *(f"augment/core/progress/{name}.py" for name in ("__init__", "lines", "run_clock")),  # lines of progress
    *(f"augment/evaluation/cost/{name}.py" for name in ("counting", "disk", "forecast", "gains", "timing", "wording")),
    "pipeline/announcement.py",  # what is told before the training
    "pipeline/room.py",  # whether there is room, too
    "augment/gan/cost.py",  # minutes again
    "augment/gan/generators/cards.py",  # what is said of generators that are handed on
    "augment/gan/generators/hub.py",  # the same on the hub
    "augment/gan/generators/portable.py",  # generators for other programs
    "augment/gan/generators/notebook.py",  # what a notebook shows
    "augment/params/messages.py",  # what is wrong with params.yaml
    "augment/project/disk_space.py",  # whether there is room
    "augment/project/work_store.py",  # what counts as done in that
    "augment/project/dvc_cache.py",  # the last whole outputs come back when a stage fails
    "augment/project/dvc_faults.py",  # the same
    "augment/project/starter/carried.py",  # whether a project knows the code it runs
    "augment/project/starter/code.py",  # the same
    "pipeline/surroundings.py",  # what is said of another environment
    "pipeline/temporary.py",  # whether a copy that DVC made holds what the project does
    "pipeline/start.py",  # signals, missing packages
)


def imports(file: Path) -> set[str]:
    """Modules of this project that a file imports, also inside functions, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {resolved for name in names if (resolved := module_of(name))}
    return found


def module_of(name: str) -> str | None:
    """The longest part of a dotted name that is a file of this project."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if parts[0] in ("augment", "pipeline") and file_of(".".join(parts[:length])).exists():
            return ".".join(parts[:length])
    return None


def file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def reached(module: str) -> set[str]:
    """Everything that importing a module can load."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += imports(file_of(current))
    return seen


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_upward(file: Path) -> None:
    parts = file.relative_to(ROOT / "augment").parts
    for module in imports(file):
        target = module.split(".")
        assert target[0] == "augment", f"{file} imports the pipeline"
        if len(target) < 2 or len(parts) == 1:
            continue
        assert ORDER.index(target[1]) <= ORDER.index(parts[0]), f"{parts[0]} must not import {module}"


@pytest.mark.parametrize("room", EVALUATION)
def test_rooms_of_the_evaluation_import_those_before_them(room: str) -> None:
    known = EVALUATION[: EVALUATION.index(room) + 1]
    for file in (ROOT / "augment/evaluation" / room).rglob("*.py"):
        for module in imports(file):
            other = module.removeprefix("augment.evaluation.").split(".")[0]
            assert other in known or other not in EVALUATION, f"{file.relative_to(ROOT)} must not import {module}"


@pytest.mark.parametrize("file", sorted((ROOT / "augment/evaluation/statistics").glob("*.py")), ids=lambda f: f.name)
def test_statistics_see_no_image_and_no_folder(file: Path) -> None:
    for module in imports(file):
        assert module.startswith(tuple(NO_IMAGES)), f"{file.name} must not import {module}"
    text = file.read_text()
    assert not re.search(r"pathlib|\bPath\b|ImageSet|\bopen\(|uint8", text), "an image or a folder"


@pytest.mark.parametrize("folder", ["augment", "pipeline"])
def test_importing_needs_nothing_that_windows_lacks(folder: str) -> None:
    lacking = {"fcntl", "resource", "termios", "pwd", "grp", "pty"}
    for file in (ROOT / folder).rglob("*.py"):
        text, body = file.read_text(), ast.parse(file.read_text()).body
        names = {alias.name for node in body if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in body if isinstance(node, ast.ImportFrom)}
        assert not names & lacking, file
        assert not re.search(r"os\.fork|set_start_method|get_context\((?!.spawn)|signal\.SIGPIPE", text), file


def test_nothing_stands_loose_beside_the_rooms() -> None:
    assert sorted(file.name for file in (ROOT / "augment").glob("*.py")) == ["__init__.py", "cli.py"]


def test_rooms_are_small() -> None:
    counts = Counter(str(file.parent.relative_to(ROOT / "augment")) for file in FILES)
    assert {folder for folder, count in counts.items() if count > MAX_FOLDER_FILES} == LARGE_FOLDERS.keys()


def test_files_are_short_or_say_why_not() -> None:
    lengths = {str(file.relative_to(ROOT / "augment")): len(file.read_text().splitlines()) for file in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES}.keys() == LONG_FILES.keys()
    assert all(LONG_FILES.values())


def test_functions_are_short_or_say_why_not() -> None:
    lengths = {
        f"{file.relative_to(ROOT / 'augment')}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    long = {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES}
    assert long.keys() == LONG_FUNCTIONS.keys()
    assert all(LONG_FUNCTIONS.values())


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_that_it_imports(stage: str) -> None:
    made = ("${", "data/", "models", "reports")
    listed = [ROOT / path for path in STAGES[stage]["deps"] if not path.startswith(made)]
    assert all(path.exists() for path in listed), listed
    needed = {file_of(module) for module in reached(f"pipeline.{stage}")}
    needed -= {ROOT / name for name in ("augment/__init__.py", "pipeline/__init__.py", *WORDS_ONLY)}
    missing = [file for file in needed if not any(file == path or path in file.parents for path in listed)]
    assert not missing, f"dvc.yaml: {stage} must list {sorted(str(file.relative_to(ROOT)) for file in missing)}"
    unused = [path for path in listed if not any(file == path or path in file.parents for file in needed)]
    assert not unused, f"dvc.yaml: {stage} lists {unused} but imports nothing of it"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_parameters_that_it_reads(stage: str) -> None:
    files = {file_of(module) for module in reached(f"pipeline.{stage}")} - {ROOT / name for name in WORDS_ONLY}
    text = "".join(file.read_text() for file in files)
    listed = {name.split(".")[0] for name in STAGES[stage]["params"]}
    for section in ("ingest", "train", "generate", "evaluate", "assemble", "report"):
        if f"params.{section}." in text or f"params.{section}," in text or f"params.{section})" in text:
            assert section in listed, f"dvc.yaml: {stage} reads params.{section}"
    assert "compute" not in listed, "moving to another machine must invalidate nothing"


def test_what_decides_words_only_is_there_and_no_listed_room_holds_it() -> None:
    assert all((ROOT / name).is_file() for name in WORDS_ONLY)
    listed = {path for stage in STAGES.values() for path in stage["deps"]}
    assert not [name for name in WORDS_ONLY if {name, *map(str, Path(name).parents)} & listed]


def test_another_margin_trains_nothing() -> None:
    keys = {key.removeprefix("evaluate.") for key in STAGES["experiment"]["params"] if key.startswith("evaluate.")}
    assert keys == set(Evaluate.model_fields) - {"equivalence"}
    texts = [file_of(module).read_text() for module in reached("pipeline.experiment") - {"augment.params.schema"}]
    assert not [text for text in texts if "evaluate.equivalence" in text or "chosen.equivalence" in text]


def test_commands_hold_nothing_of_a_users() -> None:
    for name, stage in STAGES.items():
        assert stage["cmd"] == f"python -m pipeline.{name}"


def test_train_sees_no_other_side() -> None:
    data = [path for path in STAGES["train"]["deps"] if path.startswith("data/")]
    assert data == ["data/prepared/train"]


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda file: file.name)
def test_an_example_runs_as_a_file(example: Path) -> None:
    """`python examples/...` finds what is installed; the checkout's other folders are not."""
    nodes = list(ast.walk(ast.parse(example.read_text())))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    checkout = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"augment"}
    assert not {name.split(".")[0] for name in names} & checkout
