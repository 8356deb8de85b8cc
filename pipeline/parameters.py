"""docs/params.md, written from the schema: `python -m pipeline.parameters > docs/params.md`."""

import re
import textwrap

from augment.params import Override, Params
from augment.params.messages import Model, allowed_values, as_yaml, model_of

COLUMNS = 100  # of a line
HEAD = (
    "# Parameters\n\nFor people who tune a run: every key of `params.yaml` with its default, what is allowed and what "
    "it means.\n\nThis page is written by `python -m pipeline.parameters > docs/params.md`."
)


def document() -> str:
    """docs/params.md: a heading for every key."""
    models = [(name, model_of(field.annotation)) for name, field in Params.model_fields.items()]
    parts = [HEAD, *_key("seed", Params, "seed")]
    for name, model in [*models, ("train.overrides.<label>", Override)]:
        if model is None:
            continue
        parts += [f"## {name}", (model.__doc__ or "").strip()]
        for key in model.model_fields:
            parts += _key(f"{name}.{key}", model, key)
    return "\n\n".join(wrapped(paragraph) for part in parts for paragraph in part.split("\n\n")) + "\n"


def _key(name: str, model: Model, key: str) -> list[str]:
    field = model.model_fields[key]
    default = "{}" if field.default_factory else as_yaml(field.default)
    words = allowed_values(model.model_json_schema()["properties"][key])
    return [f"### `{name}`", f"Default: `{default}`. Allowed: {words}.", " ".join(str(field.description).split())]


def wrapped(paragraph: str) -> str:
    """At most 100 columns; what stands between backticks stays on one line, and a bound beside its sign."""
    whole = re.sub(r"`[^`]*`|[≥≤<>] \d", lambda code: code[0].replace(" ", "\0"), paragraph)
    lines = textwrap.wrap(whole, COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


if __name__ == "__main__":
    print(document(), end="")
