"""What the whole pipeline costs, measured as a user runs it.

`python -m benchmarks.pipeline` clones the committed project twice into a temporary folder, runs `dvc repro` in
each, and prints a table and one line of JSON: seconds and peak memory of the first run, seconds of
the second, whether both clones gave equal hashes, and the start-up times.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
SAMPLE_SECONDS = 0.25
STARTS = 7


def run(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Wall seconds, peak memory of the whole process tree in MiB, and standard output. Raises on failure."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak))
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} in {folder} ended with {process.returncode}\n{output}")
    return time.monotonic() - began, peak[0], output


def _watch(pid: int, peak: list[float]) -> None:
    """Proportional set size, so that memory which processes share counts once."""
    while True:
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            peak[0] = max(peak[0], sum(_pss(process) for process in tree) / 2**20)
        except psutil.NoSuchProcess:
            return
        time.sleep(SAMPLE_SECONDS)


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def hashes(folder: Path) -> dict[str, str]:
    """Every output's hash in dvc.lock."""
    stages = YAML(typ="safe").load(folder / "dvc.lock")["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def start_seconds(code: list[str]) -> float:
    """Median seconds of a fresh process."""
    return statistics.median(run(code, ROOT)[0] for _ in range(STARTS))


def main() -> None:
    """Measure and print."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as temporary:
        clones = [Path(temporary) / name for name in ("first", "second")]
        for clone in clones:
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        seconds, peak, _ = run(["dvc", "repro"], clones[0])
        again, _, output = run(["dvc", "repro"], clones[0])
        run(["dvc", "repro"], clones[1])
        found = {
            "repro_seconds": round(seconds, 1),
            "peak_mib": round(peak),
            "second_repro_seconds": round(again, 2),
            "second_repro_stages": output.count("Running stage"),
            "equal_hashes": hashes(clones[0]) == hashes(clones[1]),
            "python_seconds": round(start_seconds([python, "-c", ""]), 3),
            "import_seconds": round(start_seconds([python, "-c", "import augment"]), 3),
            "help_seconds": round(start_seconds([str(Path(python).parent / "augment"), "--help"]), 3),
        }
    for name, value in found.items():
        print(f"{name:24} {value}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
