"""Pictures that differ as photographs do, and what people do to copies of them."""

import io

import numpy as np
from PIL import Image


def picture(seed: int, height: int = 32, width: int = 32, channels: int = 3) -> np.ndarray:
    """uint8 (H, W, C): random waves of falling strength, a few discs, a little noise; 30 to 220 before the noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    y, x = (y[..., None] + 0.5) / height, (x[..., None] + 0.5) / width
    pixels = np.zeros((height, width, channels))
    for _ in range(25):
        waves = rng.uniform(0.5, 5, 2)
        strength = (rng.normal() + 0.4 * rng.normal(size=channels)) / np.hypot(*waves)
        pixels += strength * np.cos(2 * np.pi * (waves[0] * y + waves[1] * x) + rng.uniform(0, 2 * np.pi))
    for _ in range(3):
        centre, radius = rng.uniform(0.1, 0.9, 2), rng.uniform(0.05, 0.2)
        pixels += rng.normal(size=channels) * (np.hypot(y - centre[0], x - centre[1]) < radius)
    low, high = pixels.min(), pixels.max()
    return (30 + 190 * (pixels - low) / (high - low) + rng.normal(size=pixels.shape)).round().astype(np.uint8)


def as_image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def as_pixels(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    stream = io.BytesIO()
    as_image(pixels).save(stream, "JPEG", quality=quality)
    return as_pixels(Image.open(stream))


def there_and_back(pixels: np.ndarray, factor: float) -> np.ndarray:
    """Resized by `factor` and back."""
    image = as_image(pixels)
    between = image.resize([round(side * factor) for side in image.size], Image.Resampling.LANCZOS)
    return as_pixels(between.resize(image.size, Image.Resampling.BICUBIC))


def brighter(pixels: np.ndarray, factor: float) -> np.ndarray:
    return np.clip(pixels * factor + 0.5, 0, 255).astype(np.uint8)


def crop(pixels: np.ndarray, top: float, left: float, bottom: float, right: float) -> np.ndarray:
    """Shares of the sides cut away, and the rest back at the size."""
    image = as_image(pixels)
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return as_pixels(image.resize(image.size, Image.Resampling.BICUBIC, box=box))


COPIES = {
    "jpeg 75": lambda pixels: jpeg(pixels, 75),
    "jpeg 95": lambda pixels: jpeg(pixels, 95),
    "smaller": lambda pixels: there_and_back(pixels, 0.5),
    "larger": lambda pixels: there_and_back(pixels, 1.5),
    "darker": lambda pixels: brighter(pixels, 0.8),
    "brighter": lambda pixels: brighter(pixels, 1.2),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "upside down": lambda pixels: pixels[::-1],
    "crop of a corner": lambda pixels: crop(pixels, 0, 0, 0.1, 0.1),
    "crop of the middle": lambda pixels: crop(pixels, 0.05, 0.05, 0.05, 0.05),
    "crop of one side": lambda pixels: crop(pixels, 0, 0.08, 0, 0),
}
