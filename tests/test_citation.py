"""CITATION.cff has what the Citation File Format 1.2.0 requires, and the version of the package."""

from pathlib import Path

from ruamel.yaml import YAML

import augment

ROOT = Path(__file__).parent.parent


def test_the_citation_is_complete_and_of_this_version() -> None:
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == augment.__version__
    assert citation["license"] == "MIT"
    assert citation["type"] == "software"
    assert [author["name"] in (ROOT / "LICENSE").read_text() for author in citation["authors"]] == [True]
