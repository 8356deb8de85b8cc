"""How many planted near duplicates are found in real image folders, how many distinct images are called near, how fast.

`python -m benchmarks.duplicates FOLDER...` reads each folder as ingest does, images at the size in which they are
stored, plants copies of its images (each kind of copy of other images, `--sample` each), and prints one table a
folder. `--pictures OUT` writes the pairs found among the folder's own images, nearest first: whoever looks at them
sees which are false. `--size` resizes first. `--speed N...` times N images of 64 px, each a blend of two of the
first folder's.
"""

import argparse
import io
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.core.files import sha256, write_bytes
from augment.core.grids import png
from augment.data.cleaning import examine
from augment.data.decoding.fitting import resize
from augment.data.near.grouping import clusters
from augment.data.near.search import Pair, near_duplicate_pairs
from augment.params import Ingest

Pixels = NDArray[np.uint8]  # (H, W, C)
Random = np.random.Generator
SHOWN = 200


def reencoded(image: Image.Image, rng: Random) -> Image.Image:
    """JPEG of quality 75 to 95."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=int(rng.integers(75, 96)))
    return Image.open(stream)


def resized(image: Image.Image, rng: Random) -> Image.Image:
    """Smaller or larger by 10 to 50 %, and back."""
    factor = 1 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.5)
    methods = [Image.Resampling.BICUBIC, Image.Resampling.LANCZOS]
    between = image.resize((round(image.width * factor), round(image.height * factor)), methods[int(factor < 1)])
    return between.resize(image.size, methods[int(factor > 1)])


def brightened(image: Image.Image, rng: Random) -> Image.Image:
    """Darker or brighter by 10 to 20 %."""
    factor = 1 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.2)
    return Image.fromarray(np.clip(np.asarray(image) * factor + 0.5, 0, 255).astype(np.uint8))


def flipped(image: Image.Image, rng: Random) -> Image.Image:
    """Mirrored, or turned by 180 degrees; squares also by 90."""
    turns = [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180]
    if image.width == image.height:
        turns += [Image.Transpose.ROTATE_90, Image.Transpose.TRANSPOSE]
    return image.transpose(turns[rng.integers(len(turns))])


def cropped(image: Image.Image, rng: Random, down: int, across: int) -> Image.Image:
    """Without so many rows and columns, at random ends, and back at the size."""
    top, left = int(rng.integers(down + 1)), int(rng.integers(across + 1))
    box = (left, top, image.width - across + left, image.height - down + top)
    return image.crop(box).resize(image.size, Image.Resampling.BICUBIC)


COPIES: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "exact": lambda image, rng: image,
    "re-encoded": reencoded,
    "resized": resized,
    "brightness": brightened,
    "flip": flipped,
    "2 px crop": lambda image, rng: cropped(image, rng, 2, 2),
    "10 % crop": lambda image, rng: cropped(image, rng, round(image.height * 0.1), round(image.width * 0.1)),
}


def load(folder: Path, size: int | None) -> tuple[list[Pixels], list[str]]:
    """Images and labels; exact copies are left out, as ingest does."""
    findings = examine(Ingest(source="folder", path=str(folder), near_duplicates="off", min_per_class=2))
    usable = [(entry.pixels, entry.label) for entry in findings.usable if entry.pixels is not None]
    images = [pixels for pixels, _ in usable]
    if size is not None:
        images = [resize(image, round(size * image.shape[0] / image.shape[1]), size) for image in images]
    return images, [label for _, label in usable]


def planted(images: Sequence[Pixels], sample: int, rng: Random) -> list[tuple[str, int, Pixels]]:
    """(kind, the original's position, the copy), `sample` of each kind as far as there are images."""
    order = rng.permutation(len(images))[: sample * len(COPIES)]
    found = []
    for kind, some in zip(COPIES, np.array_split(order, len(COPIES)), strict=True):
        for position in some.tolist():
            image = images[position]
            copy = COPIES[kind](Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image), rng)
            pixels = np.asarray(copy)
            found.append((kind, position, pixels[:, :, None] if pixels.ndim == 2 else pixels))
    return found


def search(images: Sequence[Pixels], labels: Sequence[str]) -> tuple[list[Pair], float]:
    """Alike pairs, and the processor seconds that it took."""
    keys = [f"{position} {sha256(image.tobytes())}"[::-1] for position, image in enumerate(images)]
    start = time.process_time()
    return near_duplicate_pairs(images, labels, keys), time.process_time() - start


def report(folder: Path, sample: int, size: int | None, pictures: Path | None) -> None:
    """One folder's table."""
    images, labels = load(folder, size)
    alone, seconds = search(images, labels)
    near = [pair for pair in alone if pair.distance <= 1]
    grouped = clusters(alone, [""] * len(images))
    every = len(images) * (len(images) - 1) // 2
    height, width = images[0].shape[:2]
    print(f"\n{folder.name}: {len(images)} images of {height}x{width}, {seconds:.1f} s of one core")
    print(f"own pairs called near: {len(near)} of {every} ({len(near) / every:.1e}); "
          f"clusters: {len(grouped)}, largest {max(map(len, grouped), default=0)}")  # fmt: skip
    copies = planted(images, sample, np.random.default_rng(0))
    pairs, _ = search([*images, *(copy for _, _, copy in copies)], [*labels, *(labels[i] for _, i, _ in copies)])
    together = clusters(pairs, [""] * (len(images) + len(copies)))
    cluster = {position: number for number, members in enumerate(together) for position in members}
    found = {(pair.first, pair.second) for pair in pairs if pair.distance <= 1}
    print("| copy | planted | pair found | in one group |\n|---|---|---|---|")
    for kind in COPIES:
        mine = [(original, len(images) + number) for number, (name, original, _) in enumerate(copies) if name == kind]
        one = np.mean([pair in found for pair in mine])
        group = np.mean([cluster.get(first, -1) == cluster.get(second) for first, second in mine])
        print(f"| {kind} | {len(mine)} | {one:.2%} | {group:.2%} |")
    if pictures is not None and near:
        shown = [near[index] for index in np.linspace(0, len(near) - 1, min(SHOWN, len(near))).astype(int)]
        write_bytes(pictures / f"{folder.name}.png", png(Image.fromarray(sheet(images, shown))))


def sheet(images: Sequence[Pixels], pairs: Sequence[Pair], columns: int = 10) -> Pixels:
    """uint8 (H, W, 3): pairs side by side, nearest first."""
    colour = [np.broadcast_to(image, (*image.shape[:2], 3)) for pair in pairs
              for image in (images[pair.first], images[pair.second])]  # fmt: skip
    height, width = colour[0].shape[:2]
    rows = -(-len(pairs) // columns)
    canvas = np.full((rows * (height + 4), columns * (2 * width + 8), 3), 255, dtype=np.uint8)
    for number in range(len(pairs)):
        top, left = number // columns * (height + 4), number % columns * (2 * width + 8)
        canvas[top : top + height, left : left + 2 * width] = np.hstack(colour[2 * number : 2 * number + 2])
    return canvas


def speed(folder: Path, counts: Sequence[int]) -> None:
    """Time and memory for sets of distinct 64 px images."""
    images, labels = load(folder, None)
    images = [resize(image, 64, 64) for image in images]
    print("\n| images of 64 px | seconds of one core | wall clock | peak memory, images included |\n|---|---|---|---|")
    for count in counts:
        first, second = np.random.default_rng(0).integers(0, len(images), (2, count))
        blends = [
            ((2 * images[i].astype(int) + images[j]) // 3).astype(np.uint8) for i, j in zip(first, second, strict=True)
        ]
        start = time.perf_counter()
        _, seconds = search(blends, [labels[i] for i in first])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {count} | {seconds:.1f} | {time.perf_counter() - start:.1f} s | {peak:.0f} MB |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--sample", type=int, default=250, help="copies of each kind")
    parser.add_argument("--size", type=int, help="width in pixels to resize to first")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the pairs found")
    parser.add_argument("--speed", type=int, nargs="+", help="time so many images instead")
    chosen = parser.parse_args()
    if chosen.speed:
        speed(chosen.folders[0], chosen.speed)
    else:
        for folder in chosen.folders:
            report(folder, chosen.sample, chosen.size, chosen.pictures)


if __name__ == "__main__":
    main()
