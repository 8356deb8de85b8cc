"""docs/params.md, written from the schema: `python -m augment.params.reference > docs/params.md`."""

from typing import Any

from pydantic import BaseModel

from augment.params import Override, Params
from augment.params.messages import allowed


def document() -> str:
    """docs/params.md: every key with its default, its allowed values and its meaning."""
    lines = [
        "# Parameters",
        "",
        "Every key of `params.yaml`. This page is written by `python -m augment.params.reference > docs/params.md`.",
        "",
    ]
    sections = [
        (name, field.annotation)
        for name, field in Params.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    ]
    seed = Params.model_fields["seed"]
    lines += ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    lines.append(f"| `seed` | `{seed.default}` | whole number from 0 | {seed.description} |")
    every: list[tuple[str, type[BaseModel]]] = [*sections, ("train.overrides.<label>", Override)]
    for name, model in every:
        lines += ["", f"## {name}", "", (model.__doc__ or "").strip(), ""]
        lines += ["| key | default | allowed | meaning |", "|---|---|---|---|"]
        schema = model.model_json_schema()["properties"]
        for key, field in model.model_fields.items():
            default = "{}" if field.default_factory else _yaml(field.default)
            words = allowed(schema[key])
            lines.append(f"| `{key}` | `{default}` | {words} | {field.description} |")
    return "\n".join(lines) + "\n"


def _yaml(value: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if not isinstance(value, str) else value


if __name__ == "__main__":
    print(document(), end="")
