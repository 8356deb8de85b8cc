"""Files of the work store: bytes that carry a hash over themselves and the name that they are kept under.

What was cut, damaged, or put there under another's name is not served.
"""

import hashlib
from pathlib import Path

from augment.core.files import write_bytes

HASH_DIGITS = 64
_PART_BYTES = 2**20


def write_sealed(path: Path, name: str, *parts: bytes | memoryview, durable: bool = True) -> None:
    """Keep the parts, one after the other, under `name`. Raises `StoreError` as `write_bytes` does."""
    write_bytes(path, _seal(name, *parts), *parts, durable=durable)


def read_sealed(path: Path, name: str) -> bytes | None:
    """What `write_sealed` kept under `name`; None where it is absent, damaged, or something else's."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    kept = content[HASH_DIGITS:]
    return kept if content[:HASH_DIGITS] == _seal(name, kept) else None


def is_sealed(path: Path, name: str) -> bool:
    """Whether a file is what was kept under `name`; read in parts, as a large one has to be. The content begins after
    `HASH_DIGITS` bytes."""
    try:
        with path.open("rb") as stream:
            stated, digest = stream.read(HASH_DIGITS), _begun(name)
            while part := stream.read(_PART_BYTES):
                digest.update(part)
    except OSError:
        return False
    return stated == digest.hexdigest().encode()


def _seal(name: str, *parts: bytes | memoryview) -> bytes:
    digest = _begun(name)
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


def _begun(name: str) -> "hashlib._Hash":
    return hashlib.sha256(f"{len(name)}:{name}:".encode())
