"""Generators to a folder or repository in Hugging Face's layout and back; the hub is a folder here, no network."""

import inspect
import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from augment import AugmentError, ClassGenerator, GeneratorSet
from augment.core.errors import ArgumentError, BundleError, DataError
from augment.gan.bundle import check_bundle
from augment.gan.generators import hub
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLAN = Architecture("dcgan", 1, 6, 5, latent=4, features=4)


def a_set(labels: Sequence[str] = ("dent", "a|b")) -> GeneratorSet:
    training = {"images": 12, "steps": 40, "images_sha256": "12ab"}
    made = {label: ClassGenerator(label, build(PLAN, seed)[0], training) for seed, label in enumerate(labels)}
    return GeneratorSet(made, {"failed": "collapsed"})


class Hub:
    """Repositories as folders, served as the library serves its cache: as links."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.private = folder, dict[str, bool]()

    def create_repo(self, repository: str, *, private: bool, exist_ok: bool) -> str:
        assert exist_ok
        (self.folder / repository).mkdir(parents=True, exist_ok=True)
        self.private.setdefault(repository, private)
        return f"hub:{repository}"

    def file_exists(self, repository: str, name: str) -> bool:
        return (self.folder / repository / name).exists()

    def upload_folder(
        self, *, repo_id: str, folder_path: str, ignore_patterns: list[str] | None, delete_patterns: list[str],
        commit_message: str,
    ) -> None:  # fmt: skip
        there = self.folder / repo_id
        for path in [path for path in there.rglob("*") if path.is_file()]:
            if any(fnmatch(str(path.relative_to(there)), pattern) for pattern in delete_patterns):
                path.unlink()
        for path in [path for path in Path(folder_path).rglob("*") if path.is_file()]:
            name = path.relative_to(folder_path)
            if not any(fnmatch(str(name), pattern) for pattern in ignore_patterns or ()):
                (there / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path, there / name)

    def snapshot_download(self, repository: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        if not (self.folder / repository).exists():
            raise OSError(f"404 for\n{repository}")
        snapshot = self.folder / f"snapshot-{revision}"
        for path in [path for path in (self.folder / repository).rglob("*") if path.is_file()]:
            name = path.relative_to(self.folder / repository)
            if any(fnmatch(str(name), pattern) for pattern in allow_patterns):
                (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
                (snapshot / name).symlink_to(path)
        return str(snapshot)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    found = Hub(tmp_path / "hub")
    monkeypatch.setattr(hub.importlib, "import_module", lambda name: {"huggingface_hub": found}[name])
    return found


def test_a_folder_and_its_card(tmp_path: Path) -> None:
    a_set().save_pretrained(tmp_path / "set")
    check_bundle(tmp_path / "set")
    read = GeneratorSet.from_pretrained(tmp_path / "set")
    assert torch.equal(read.sample(5)[0], a_set().sample(5)[0])
    text = (tmp_path / "set/README.md").read_text()
    values = YAML(typ="safe").load(text.split("---\n")[1])
    assert values == {
        "license": "unknown", "library_name": "gan-augment", "pipeline_tag": "unconditional-image-generation",
        "tags": ["gan"],
    }  # fmt: skip
    assert "| dent | 12 | dcgan | 40 | 12ab |  |" in text
    assert "| a\\|b | 12 |" in text
    assert "| failed |  |  |  |  | collapsed |" in text
    assert "Images made from few originals are not anonymous" in text
    assert "has not been measured" in text


def test_a_card_that_was_filled_in_stays(tmp_path: Path) -> None:
    a_set().save_pretrained(tmp_path)
    (tmp_path / "README.md").write_text("license: mit")
    a_set(("other",)).save_pretrained(tmp_path)
    assert (tmp_path / "README.md").read_text() == "license: mit"
    assert list(GeneratorSet.from_pretrained(tmp_path)) == ["other"]


def test_a_damaged_verdict_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(DataError, match="lacks the keys verdict, sentence"):
        a_set().save_pretrained(tmp_path / "set", verdict=tmp_path / "verdict.json")
    assert not (tmp_path / "set").exists()


def test_a_repository_gives_back_what_was_brought(served: Hub) -> None:
    assert a_set().push_to_hub("me/dents") == "hub:me/dents"
    assert served.private == {"me/dents": True}
    read = GeneratorSet.from_pretrained("me/dents", revision="v1")
    assert torch.equal(read.sample(9, seed=2)[0], a_set().sample(9, seed=2)[0])
    assert read.failed == {"failed": "collapsed"}


def test_another_set_takes_the_place_of_the_bundles_and_leaves_the_card(served: Hub) -> None:
    a_set().push_to_hub("me/dents")
    card = served.folder / "me/dents/README.md"
    card.write_text("license: mit")
    a_set(("bent",)).push_to_hub("me/dents", private=False)
    assert card.read_text() == "license: mit"
    assert served.private == {"me/dents": True}
    assert not (served.folder / "me/dents/dent/manifest.json").exists()
    assert list(GeneratorSet.from_pretrained("me/dents")) == ["bent"]


def test_what_a_stranger_changed_is_refused_by_the_name_of_the_repository(served: Hub) -> None:
    a_set().push_to_hub("me/dents")
    manifest = served.folder / "me/dents/dent/manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    with pytest.raises(BundleError, match=r"me/dents/dent/manifest\.json") as caught:
        GeneratorSet.from_pretrained("me/dents")
    assert caught.value.code == "not_canonical"


def test_a_repository_that_is_not_there_or_holds_no_set(served: Hub) -> None:
    with pytest.raises(BundleError, match=r"me/none: the hub was not reached or refuses \(404 for me/none\)"):
        GeneratorSet.from_pretrained("me/none")
    (served.folder / "me/empty").mkdir(parents=True)
    with pytest.raises(BundleError, match=r"me/empty/index\.json: No such file"):
        GeneratorSet.from_pretrained("me/empty")
    served.create_repo = None  # type: ignore[method-assign, assignment]
    with pytest.raises(AugmentError, match="me/dents: the hub was not reached or refuses"):
        a_set().push_to_hub("me/dents")


def test_without_the_extra_the_pip_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(hub.importlib, "import_module", absent)
    for call in (GeneratorSet.from_pretrained, a_set().push_to_hub):
        with pytest.raises(AugmentError, match=r"pip install 'gan-augment\[hub\]'"):
            call("me/dents")


def test_what_cannot_be_a_repository_reaches_no_hub(served: Hub) -> None:
    for name in ("dents", "me/dents/more", "", "../dents", "me/\n"):
        with pytest.raises(ArgumentError, match="repository must be owner/name"):
            a_set().push_to_hub(name)
    with pytest.raises(TypeError, match="private must be True or False"):
        a_set().push_to_hub("me/dents", private="no")  # type: ignore[arg-type]
    assert not served.folder.exists()


def test_a_folder_goes_before_a_repository_of_its_name(
    served: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    a_set().save("me/dents")
    assert list(GeneratorSet.from_pretrained("me/dents")) == ["a|b", "dent"]
    assert not served.folder.exists()


@pytest.mark.parametrize("place", ["models", "a/b/c", "/a/b", "./a/b", "../b", "a\\b", "", Path("a/b")])
def test_what_is_no_repository_is_a_folder(place: str | Path) -> None:
    assert not hub.is_repository(place)


def test_the_library_takes_what_it_is_asked() -> None:
    """Names of arguments, of the real one where it is installed."""
    library = pytest.importorskip("huggingface_hub")
    names = {
        "create_repo": {"private", "exist_ok"},
        "upload_folder": {"repo_id", "folder_path", "ignore_patterns", "delete_patterns", "commit_message"},
        "snapshot_download": {"revision", "allow_patterns"},
        "file_exists": set[str](),
    }
    for name, asked in names.items():
        assert asked <= set(inspect.signature(getattr(library, name)).parameters), name
