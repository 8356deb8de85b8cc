"""`augment explore` as a person starts and ends it."""

import re
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from augment.cli import main
from augment.core.files import write_json
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.synthesis.picks import FILE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two generators whose latent space has fewer directions than the page has sliders; a third failed."""
    plan = Architecture("dcgan", 1, 8, 6, latent=4, features=4)
    made = {label: ClassGenerator(label, build(plan, seed)[0]) for seed, label in enumerate("ab")}
    GeneratorSet(made, {"c": "collapsed"}).save(tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_where_to_look_and_ends_when_interrupted(project: Path) -> None:
    command = [sys.executable, "-m", "augment.cli", "explore", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(4)]
        (found,) = re.findall(r"http://127\.0\.0\.1:(\d+)(/\?token=\S+)", "".join(lines))
        connection = HTTPConnection("127.0.0.1", int(found[0]), timeout=30)
        connection.request("GET", found[1])
        page = connection.getresponse().read().decode()
        connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == ""
    assert "Nothing can be kept or rejected: data/prepared/train" in lines[3]
    assert '"failed": ["c"]' in page
    assert '"sliders": 4' in page


def test_what_is_wrong_is_one_message(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["explore", "--port", str(other.getsockname()[1])]) == 2
    assert "in use by another program" in capsys.readouterr().err
    write_json(project / "data/selection" / FILE, {"format": 2, "models": "0" * 64, "drawn": "", "classes": {}})
    assert main(["explore", "--port", "0"]) == 2
    assert "samples of other generators than those in models" in capsys.readouterr().err
    assert main(["explore", "--models", "nowhere"]) == 2
    assert "nowhere/index.json" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explore", "--port", "70000"])
    assert "'70000' is not a whole number from 0 to 65535" in capsys.readouterr().err
