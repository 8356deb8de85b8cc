"""examples/quickstart.ipynb runs from its first cell to its last, and shows what is stored in it.

    python -m tests.test_notebook

runs it in full and stores what it shows; the test takes fewer steps.
"""

import os
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "examples/quickstart.ipynb"
SHORTER = {"shared_steps=800, steps=150": "shared_steps=2, steps=2", "steps=300": "steps=5"}


def executed(notebook: Any, folder: Path) -> Any:
    """The same with the outputs of a run in `folder`; raises where a cell does."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    where = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=600, coalesce_streams=True, resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("image/jpeg", None)  # PNG is there
    return notebook


def shown(notebook: Any) -> list[list[str]]:
    """The kinds of output of every cell of code, without progress, which takes its time."""
    return [
        [
            kind
            for output in cell.outputs
            if output.get("name") != "stderr"
            for kind in sorted(output.get("data", {"text": ""}))
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_every_cell_runs_and_shows_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    stored, shorter = (nbformat.read(NOTEBOOK, as_version=4) for _ in range(2))
    for long, short in SHORTER.items():
        (cell,) = (cell for cell in shorter.cells if long in cell.source)
        cell.source = cell.source.replace(long, short)
    nbformat.validate(stored)
    run = executed(shorter, tmp_path)
    assert shown(run) == shown(stored)
    assert sum("image/png" in kinds for kinds in shown(stored)) == 2
    accuracies = stored.cells[-2].outputs[-1].text
    assert accuracies.count("%") == 2
    assert "True" in str(run.cells[-4].outputs)
    assert not any(str(place) in NOTEBOOK.read_text() for place in (ROOT, Path.home())), "a path of this machine"


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        nbformat.write(executed(nbformat.read(NOTEBOOK, as_version=4), Path(place)), NOTEBOOK)
