"""A user's own network: a program of torch.export, or a model of timm, cut where its last layers begin."""

from dataclasses import dataclass

from torch import nn

from augment.params.schema import BackboneFile


@dataclass(frozen=True)
class Program:
    """frozen and last as in `Backbone`."""

    frozen: nn.Module
    last: nn.Module | None


def load_program(chosen: BackboneFile) -> Program:
    """Read it. Raises `ParamsError` that names the file and what is wrong with it."""
    raise NotImplementedError(chosen)
