"""A mapping in params.yaml that names a pretrained network of one's own."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from augment.params.image_sections import Section

Three = Annotated[
    tuple[float, float, float], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
]
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class BackboneFile(Section):
    """A pretrained network of the user's own: its features are pooled, one row for an image."""

    file: str | None = Field(None, min_length=1)
    """Program exported by torch.export (.pt2): float32 (N, channels, size, size) to (N, D) or (N, D, h, w)."""
    timm: str | None = Field(None, min_length=1, description="Name of a model of timm (extra `timm`), with `weights`.")
    weights: str | None = Field(None, min_length=1, description="File of that model's weights; nothing is downloaded.")
    size: int = Field(224, ge=16, le=1024, description="Side of its square input, pixels.")
    channels: Literal[1, 3] = 3
    """Channels of its input; grey images are repeated to three."""
    mean: Three = Field(IMAGENET_MEAN, description="Taken off each channel, whose values are from 0 to 1.")
    std: Three = Field(IMAGENET_STD, description="Each channel is divided by it then.")

    @model_validator(mode="after")
    def _names_one_network(self) -> "BackboneFile":
        if (self.file is None) == (self.timm is None):
            raise ValueError("name either `file` (a .pt2 program) or `timm` (a model) with `weights`")
        if (self.timm is None) != (self.weights is None):
            raise ValueError("`timm` and `weights` belong together: the model's name and its weights file")
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        return self
