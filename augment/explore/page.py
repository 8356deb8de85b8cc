"""The playground's page: one template with its style and script within, and the state it begins with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augment.core.words import printable

TEMPLATE = Path(__file__).parent / "template"


def page(state: Mapping[str, Any], token: str, nonce: str) -> str:
    """HTML. state: labels and counts, which the script sets as text; nonce: of the policy that lets this style and
    this script run, and no other."""
    text = json.dumps({**state, "token": token}, ensure_ascii=True).replace("<", "\\u003c")
    parts = {"nonce": nonce, "state": printable(text), "style": _read("style.css"), "script": _read("page.js")}
    html = _read("page.html")
    for name, part in parts.items():
        html = html.replace(f"{{{{ {name} }}}}", part)
    return html


def _read(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")
