"""How fast ingest decodes, beside a bare loop of Pillow in as many processes, and what memory it takes.

`python -m benchmarks.ingest FOLDER` makes two sets of `--images` in FOLDER (PNGs of 32 px, JPEGs of 400 x 533),
which stay there for the next time, and prints one table. A *bare loop* opens, reads and decodes the same files and
brings them to the same size, and does nothing else; *same decoding* calls our `decode`, *Pillow* `Image.convert`.
All processes of either side are started before the clock is. Near duplicates are not looked for, but in the last
column. Ratios are medians of `--rounds`.
"""

import argparse
import multiprocessing
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from augment.core.processes import cores
from augment.data.cleaning import examine
from augment.data.decoding import decode, fitting
from augment.params import Ingest

SETS = {"32x32 PNG": (32, 32, "png", None), "400x533 JPEG": (400, 533, "jpg", 64)}  # and the size of the set
CHUNK = 64


def make(folder: Path, number: int, height: int, width: int, ending: str) -> None:
    """Smooth random pictures of two classes, made once."""
    rng = np.random.default_rng(0)
    for position in range(number):
        path = folder / f"c{position % 2}" / f"{position:06}.{ending}"
        coarse = rng.normal(128, 60, (height // 8 + 2, width // 8 + 2, 3)).clip(0, 255).astype(np.uint8)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(path)


def same_decoding(job: tuple[str, int | None]) -> int:
    """Our decoder in a loop; the number of values."""
    path, size = job
    pixels = decode.decode(Path(path).read_bytes(), path, background=255, max_pixels=50_000_000).pixels
    return (fitting.resize(pixels, size, size) if size else pixels).size


def pillow(job: tuple[str, int | None]) -> int:
    """Pillow in a loop; the number of values."""
    path, size = job
    with Image.open(path) as image:
        rgb = image.convert("RGB")
        return np.asarray(rgb.resize((size, size), Image.Resampling.LANCZOS) if size else rgb).size


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ingest_of(folder: Path, size: int | None, near: str) -> Ingest:
    return Ingest.model_validate({"source": "folder", "path": str(folder), "size": size, "near_duplicates": near})


def row(name: str, folder: Path, size: int | None, rounds: int) -> list[str]:
    """One line of the table."""
    jobs = [(str(path), size) for path in sorted(folder.glob("*/*"))]
    times: dict[str, list[float]] = {"ours": [], "same": [], "pillow": []}
    with multiprocessing.get_context("spawn").Pool(cores()) as pool:
        for loop in (same_decoding, pillow):
            pool.map(loop, jobs[:256], chunksize=CHUNK)
        examine(ingest_of(folder, size, "off"))
        for _ in range(rounds):
            times["ours"].append(seconds(lambda: examine(ingest_of(folder, size, "off"))))
            times["same"].append(seconds(lambda: pool.map(same_decoding, jobs, chunksize=CHUNK)))
            times["pillow"].append(seconds(lambda: pool.map(pillow, jobs, chunksize=CHUNK)))
    rates = [f"{len(jobs) / median(times[way]):.0f}" for way in times]
    shares = [
        f"{median(other / ours for other, ours in zip(times[way], times['ours'], strict=True)):.2f}"
        for way in ("same", "pillow")
    ]
    return [name, str(len(jobs)), *rates, *shares, *(memory(folder, size, near) for near in ("off", "group"))]


def memory(folder: Path, size: int | None, near: str) -> str:
    """MiB at most that the process had that asked, and a worker, of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ingest", str(folder), "--memory", near, "--size", str(size or 0)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def print_memory(folder: Path, size: int | None, near: str) -> None:
    from augment.data.decoding.pool import end_workers  # noqa: PLC0415  (only here)

    examine(ingest_of(folder, size, near))
    end_workers()
    of = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(" + ".join(str(resource.getrusage(who).ru_maxrss // 1024) for who in of))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", choices=["off", "group"], help="print the memory that this folder takes")
    parser.add_argument("--size", type=int, default=0)
    chosen = parser.parse_args(arguments)
    if chosen.memory:
        print_memory(chosen.folder, chosen.size or None, chosen.memory)
        return
    print("| set | images | ours, images/s | same decoding | Pillow | ours / same | ours / Pillow | MiB | with near |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, (height, width, ending, size) in SETS.items():
        folder = chosen.folder / f"{height}x{width}_{chosen.images}"
        make(folder, chosen.images, height, width, ending)
        print(f"| {' | '.join(row(name, folder, size, chosen.rounds))} |", flush=True)


if __name__ == "__main__":
    main()
