"""What nobody should ask for: every public name says which argument does not fit, or works; nothing else happens.

A call may raise an `AugmentError`, ValueError or TypeError that names the argument (KeyError for a class that a mapping
of generators does not have). Anything else, an IndexError or a RuntimeError of torch, is a fault of ours. The calls
stand in the folder silly.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import augment
from augment import AugmentError
from tests.silly.odd_arguments import CALLS, ODD, TAKES
from tests.silly.silly_calls import SILLY

CASES = [(f"{call} <- {odd}", call, odd) for call in CALLS for odd in ODD]


def outcome(call: Callable[[], object], name: str) -> str:
    """ "works", or what was said; anything but an error of the argument ends the test."""
    try:
        call()
    except (AugmentError, ValueError, TypeError) as error:
        return str(error)
    except (KeyError, AttributeError) as error:
        if name.startswith(("a class", "a name")):
            return str(error)
        raise
    return "works"


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_are_hundreds_and_every_public_name_is_called() -> None:
    print(f"silly calls: {len(CASES) + len(SILLY)}")
    assert len(CASES) + len(SILLY) >= 200
    called = {name.split(".")[0].split(" ")[0].removesuffix("()").removesuffix("[]") for name in CALLS}
    assert called >= {*augment.__all__} - {"AugmentError", "BundleError"}


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.parametrize("call", CALLS)
def test_an_odd_argument_is_named_or_works(call: str) -> None:
    """Every call with every odd thing in the place of one argument."""
    argument = re.split(r"[. ]", call.removesuffix("[]"))[-1]
    takes, faults = TAKES.get(call, set()), []
    for odd, value in ODD.items():
        said = outcome(lambda value=value: CALLS[call](value), call)
        if (said == "works") != (odd in takes):
            faults.append((odd, said))
        if said != "works" and (len(said) < 15 or not re.search(r"[a-z]", said)):
            faults.append((odd, said))
        words = {"take": "which", "targets": "classes", "load": "folder", "save": "folder", "to": "device",
                 "class": "counts", "of_class": "label", "load_generators": "folder", "check_bundle": "folder",
                 "place": "folder", "revision": "folder", "verdict": "cannot be read",
                 "load_upscaler": "folder", "load_words": "folder",
                 "SyntheticDataset": "index"}  # fmt: skip
        named = (words.get(argument, argument), argument)
        if said != "works" and not any(word in said for word in named) and "prepared split" not in said:
            faults.append((odd, said))
    assert not faults


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.parametrize("name", SILLY)
def test_a_silly_call_says_what_is_wrong(name: str) -> None:
    said = outcome(SILLY[name], name)
    assert said != "works"
    assert len(said) > 15
    assert "\x1b" not in said
