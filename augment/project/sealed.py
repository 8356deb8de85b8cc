"""Files of the work store: bytes that carry a hash over themselves and the name that they are kept under.

What was cut, damaged, or put there under another's name is not served.
"""

import hashlib
from pathlib import Path

from augment.core.files import write_bytes

HASH_DIGITS = 64


def write_sealed(path: Path, name: str, content: bytes, *, durable: bool = True) -> None:
    """Keep `content` under `name`. Raises `StoreError` as `write_bytes` does."""
    write_bytes(path, _seal(name, content) + content, durable=durable)


def read_sealed(path: Path, name: str) -> bytes | None:
    """What `write_sealed` kept under `name`; None where it is absent, damaged, or something else's."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    kept = content[HASH_DIGITS:]
    return kept if content[:HASH_DIGITS] == _seal(name, kept) else None


def _seal(name: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{len(name)}:{name}:".encode() + content).hexdigest().encode()
