"""Safe names for classes: a label is what a person wrote, a slug is what a path may hold."""

import hashlib
import re
import unicodedata

_SLUG = re.compile(r"[a-z0-9-]{1,48}")
_FOLDER = re.compile(r"[^/\\<>:\"|?*\x00-\x1f\x7f]{1,100}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def slug(label: str) -> str:
    """The label itself if it is already safe, else a safe base, "-" and 6 hex digits of its hash."""
    if _SLUG.fullmatch(label):
        return label
    ascii_text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:40] or "class"
    return f"{base}-{hashlib.sha256(label.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"


def folder_name(label: str) -> str:
    """The label where it is a safe folder name on every system, else its slug."""
    safe = (
        _FOLDER.fullmatch(label)
        and len(label.encode()) <= 200
        and label == label.strip(" .-")
        and not _RESERVED.fullmatch(label)
        and label.isprintable()
    )
    return label if safe else slug(label)
