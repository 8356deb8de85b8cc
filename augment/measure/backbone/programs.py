"""A user's own network, from a program of torch.export or from timm."""

from augment.core.errors import ParamsError
from augment.measure.backbone.cut import Program, cut
from augment.measure.backbone.program_file import ProgramFile, read_program
from augment.measure.backbone.timm_model import timm_program
from augment.params.backbone_section import BackboneFile

EXPORT = "docs/backbones.md says how to export one"


def load_program(chosen: BackboneFile) -> Program:
    """Read it. Raises `ParamsError` that names the file and what is wrong with it."""
    program = timm_program(chosen) if chosen.file is None else _from_file(chosen.file)
    name = f"timm: {chosen.timm}" if chosen.file is None else f"file: {chosen.file}"
    _require_input(program, chosen, f"params.yaml: evaluate.backbone.{name}")
    return cut(program)


def _from_file(path: str) -> ProgramFile:
    key = f"params.yaml: evaluate.backbone.file: {path}"
    try:
        return read_program(path)
    except OSError as error:
        raise ParamsError(f"{key}: {error.strerror or error}; {EXPORT}") from error
    except ValueError as error:
        raise ParamsError(f"{key}: no program of torch.export that can be read: {error}; {EXPORT}") from error


def _require_input(program: ProgramFile, chosen: BackboneFile, key: str) -> None:
    shape = program.shapes[program.entry]
    if len(shape) != 4:
        raise ParamsError(f"{key}: takes {len(shape)} dimensions, where images have 4: (N, C, H, W); {EXPORT}")
    if shape[1] not in (None, chosen.channels):
        raise ParamsError(f"{key}: takes {shape[1]} channels; set evaluate.backbone.channels to that (1 or 3)")
    if {*shape[2:]} - {None, chosen.size}:
        raise ParamsError(
            f"{key}: takes {shape[2]}x{shape[3]} px, and evaluate.backbone.size is {chosen.size}; set it to that, or "
            f"export the network for {chosen.size}x{chosen.size}"
        )
