"""The last verdict in words, as `augment verdict` prints it."""

import json
from pathlib import Path
from typing import Any

from augment.core.errors import AugmentError
from augment.core.files import changed_files, read_file
from augment.data.checksums import CHECKSUMS, check_files
from augment.data.rows.rowset import load_side
from augment.project.query_ledger import LEDGER, queries_text, query_count, unreadable_lines

MAX_VERDICT_BYTES = 10_000_000


def last_verdict(reports: Path, explain: bool) -> list[str]:
    """The lines for people of `reports/evaluation/verdict.json`: what it says and what to do, or its rules and sources.

    What it no longer speaks of, such as other test images, is said first. Raises `AugmentError` when there is none, and
    when it is damaged.
    """
    folder = reports / "evaluation"
    path = folder / "verdict.json"
    try:
        content = read_file(path, MAX_VERDICT_BYTES)
        if (folder / CHECKSUMS).exists():  # who takes verdict.json elsewhere may take it alone
            check_files(folder, [path.name])
        verdict = json.loads(content)
        return [*_outdated(verdict, reports.parent), *_lines(verdict, folder, explain)]
    except FileNotFoundError as error:
        raise AugmentError(f"{path}: there is no verdict yet. Run `dvc repro` first.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AugmentError(f"{path}: damaged ({error}). Run `dvc repro -f evaluate` to make it anew.") from error


def _outdated(verdict: dict[str, Any], project: Path) -> list[str]:
    """Of what the verdict speaks that is there no longer."""
    lines = []
    for name in changed_files(project, verdict.get("backbone", {})):
        lines += [f"Of another {name} (evaluate.backbone) than there is now: run `dvc repro -f experiment`.", ""]
    prepared = project / "data/prepared/test"
    if prepared.is_dir() and load_side(prepared).fingerprint() != verdict["looked"]["prepared"]:
        lines += ["Of other test images than those in data/prepared now: run `dvc repro`.", ""]
    return lines


def _lines(verdict: dict[str, Any], folder: Path, explain: bool) -> list[str]:
    """The word, what one reaches without a GAN, the sentence, what to do and why; or the rules and their sources."""
    lines = [str(verdict["verdict"]), "", str(verdict["first_line"]), "", str(verdict["sentence"]), ""]
    count = query_count(LEDGER, verdict["looked"]["test"], verdict["looked"]["configuration"])
    queries = queries_text(count, unreadable_lines(LEDGER))
    if explain:
        rules = [(rule["text"], folder / rule["source"]) for rule in verdict["explanation"]] + [(queries, LEDGER)]
        for number, (text, source) in enumerate(rules, start=1):
            lines += [f"{number}. {text}", f"   {source}"]
        return lines
    lines += ["What to do:", *(f"- {advice}" for advice in verdict["advice"]), ""]
    return [*lines, "Why:", *(f"- {reason}" for reason in (*verdict["reasons"], queries))]
