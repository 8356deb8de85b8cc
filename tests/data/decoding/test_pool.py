"""Files are decoded elsewhere, under limits: whatever one of them does costs that one, and says what it did."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import DataError
from augment.data.decoding import pool, supervisor
from augment.data.decoding.supervisor import Ended, Worker
from augment.data.decoding.take import Taken, Wanted, take
from tests.data.corpus import FILES, encode, many_scans, noise

LIMITS = "import augment.data.decoding.worker as worker; worker.%s"
WANTED = Wanted(max_file_mb=50, max_pixels=50_000_000, background=255, grey=False, size=(16, 16))


@pytest.fixture
def fresh() -> Iterator[None]:
    """No worker is kept from another test, nor for the next."""
    pool.end_workers()
    yield
    pool.end_workers()


def write(folder: Path, count: int) -> list[tuple[str, str]]:
    """Clean images, as the pool is asked for them."""
    paths = [folder / f"{i:03}.png" for i in range(count)]
    for i, path in enumerate(paths):
        path.write_bytes(encode(noise(i)))
    return [(str(path), path.name) for path in paths]


def outcomes(files: list[tuple[str, str]], wanted: Wanted = WANTED) -> list[Taken]:
    found = dict(pool.take_all(files, wanted))
    assert sorted(found) == list(range(len(files))), "each file once"
    return [found[position] for position in range(len(files))]


def test_a_worker_says_what_the_same_code_says_here(tmp_path: Path) -> None:
    files = write(tmp_path, 3)
    for number, (content, _, _) in enumerate(FILES.values()):
        path = tmp_path / f"x{number}"
        path.write_bytes(content)
        files.append((str(path), path.name))
    for (location, path), there in zip(files, outcomes(files), strict=True):
        here = take(location, path, WANTED)
        assert (vars(there) | {"pixels": None}) == (vars(here) | {"pixels": None}), path
        assert np.array_equal(there.pixels, here.pixels) if here.pixels is not None else there.pixels is None


def test_a_process_with_many_open_files_hears_its_workers() -> None:
    resource = pytest.importorskip("resource")
    reader, writer = os.pipe()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2048), before[1]))
    try:
        stream = os.fdopen(os.dup2(reader, 2000), "rb", buffering=0)  # `select` knows the first 1024
        assert not supervisor._speaks(stream, 0.01)
        os.write(writer, b"x")
        assert supervisor._speaks(stream, 60)
        stream.read(1)
        os.close(writer)
        assert supervisor._speaks(stream, 60), "its end too"
        stream.close()
    finally:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_several_workers_and_chunks_give_every_file_once(tmp_path: Path) -> None:
    files = write(tmp_path, 230)
    assert len({taken.digest for taken in outcomes(files)}) == 230
    assert outcomes([]) == []


def with_limit(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Workers that start from now on have a smaller limit: `NAME = value` of their module."""
    monkeypatch.setattr(supervisor, "_START", supervisor._START.replace("import main;", f"import *; {LIMITS % limit};"))


def test_a_file_that_takes_too_long_costs_itself(tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with_limit(monkeypatch, "MAX_CPU_SECONDS = 0.2")
    files = write(tmp_path, 6)
    Path(files[3][0]).write_bytes(many_scans(90, side=7000))
    found = outcomes(files)
    assert [taken.code for taken in found] == ["", "", "", "timeout", "", ""]
    assert "seconds to decode; open it in" in found[3].detail


def test_a_file_that_takes_too_much_memory_costs_itself(
    tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_limit(monkeypatch, "MAX_MEMORY_MB = 64")
    files = write(tmp_path, 3)
    Image.new("RGB", (4000, 4000)).save(files[1][0])
    found = outcomes(files)
    assert [taken.code for taken in found] == ["", "out_of_memory", ""]
    assert "more memory than one image is given" in found[1].detail


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_largest_image_allowed_is_decoded_within_512_mib(tmp_path: Path, fresh: None, form: str) -> None:
    path = tmp_path / "large"
    Image.linear_gradient("L").resize((7071, 7071)).convert("RGB").save(path, form, compress_level=1)
    (taken,) = outcomes([(str(path), "large")])
    assert (taken.code, taken.size, taken.pixels is not None) == ("", (7071, 7071), True)
    status = Path(f"/proc/{pool._idle[0][1].process.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) <= 512 * 1024


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "scans").write_bytes(many_scans(1000))
    (taken,) = outcomes([(str(tmp_path / "scans"), "scans")])
    assert taken.code == "scan_bomb"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_file_that_ends_its_process_is_tried_alone_before_it_is_blamed(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path, 5)
    asked: list[int] = []

    class Dying:
        """Ends at one file, for good or once."""

        deaths = 0

        class process:  # noqa: N801  (as `Worker` has it)
            @staticmethod
            def poll() -> None:
                return None

        def ask(self, some: list[tuple[str, str]], wanted: Wanted) -> Iterator[list[Taken]]:
            asked.append(len(some))
            for position, (location, path) in enumerate(some):
                if path == "002.png" and Dying.deaths < most:
                    Dying.deaths += 1
                    raise Ended(position + 1, "crashed", "it crashed", sure=False)
                yield [take(location, path, wanted)]

    most = number if number == signal.SIGSEGV else 1
    monkeypatch.setattr(pool, "_borrowed", Dying)
    monkeypatch.setattr(pool, "_idle", [])
    monkeypatch.setattr(pool, "_FIRST_CHUNK_FILES", 5)
    codes = [taken.code for taken in outcomes(files)]
    assert codes == (["", "", "crashed", "", ""] if most > 1 else [""] * 5)
    assert asked == [5, 1, 2]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_is_killed_from_outside_costs_no_file(
    tmp_path: Path, fresh: None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path, 400)
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker())
        return started[-1]

    monkeypatch.setattr(pool, "Worker", start)
    found = []
    for position, taken in pool.take_all(files, WANTED):
        found.append((position, taken.code))
        if len(found) in (10, 150, 300):
            started[-1].process.send_signal(number)
    assert sorted(found) == [(position, "") for position in range(400)]
    assert len(started) > 2


def test_a_worker_that_says_nonsense_is_ended(tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        supervisor, "_START", "import os\nos.write(2, b'.')\nos.read(0, 9)\nos.write(1, bytes(8) + b'x')"
    )
    found = outcomes(write(tmp_path, 2))
    assert [taken.code for taken in found] == ["crashed", "crashed"]


def test_a_worker_that_stalls_is_ended(tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MAX_STALL_SECONDS", 0.2)
    monkeypatch.setattr(supervisor, "_START", "import os, time\nos.write(2, b'.')\nos.read(0, 9)\ntime.sleep(99)")
    (found,) = outcomes(write(tmp_path, 1))
    assert found.code == "timeout"
    assert "a disk that answers" in found.detail


def test_one_that_does_not_start_is_one_message(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_START", "raise SystemExit('no memory for it')")
    with pytest.raises(DataError, match="no memory for it"):
        outcomes([("/nowhere", "x.png")])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DataError, match="No such file"):
        outcomes([("/nowhere", "x.png")])


def test_workers_end_with_the_process_that_asks(tmp_path: Path) -> None:
    (location, path), *_ = write(tmp_path, 1)
    code = (
        "import os, signal\nfrom augment.data.decoding import pool\nfrom augment.data.decoding.take import Wanted\n"
        f"list(pool.take_all([({location!r}, {path!r})], Wanted(50, 10**7, 255, False, None)))\n"
        "print(pool._idle[0][1].process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    worker = Path(f"/proc/{run.stdout.strip()}/stat")
    for _ in range(100):
        if not worker.exists() or worker.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("the worker is still there")


def test_a_fork_asks_no_worker_of_its_parent(tmp_path: Path, fresh: None) -> None:
    outcomes(write(tmp_path, 1))
    (owned,) = pool._idle
    pool._idle[:] = [(os.getpid() + 1, owned[1])]
    assert [taken.code for taken in outcomes(write(tmp_path, 1))] == [""]
    assert owned[1] is not pool._idle[0][1]
    owned[1].close()


def test_a_worker_writes_no_file_and_leaves_no_core() -> None:
    worker = Worker()
    limits = Path(f"/proc/{worker.process.pid}/limits")
    if limits.exists():
        rows = {line[:25].strip(): line[25:].split()[0] for line in limits.read_text().splitlines()}
        assert (rows["Max file size"], rows["Max core file size"]) == ("0", "0")
        assert rows["Max address space"] != "unlimited"
    worker.close()
