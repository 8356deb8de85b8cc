"""What the numbers depend on besides the inputs: results are bit-equal only within one such environment."""

import platform

from augment.core.errors import ParamsError


def environment(device: str) -> dict[str, str]:
    """Versions and processor capability, without host names, paths or times."""
    import numpy  # noqa: PLC0415
    import torch  # noqa: PLC0415

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "processor": platform.machine(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
    }


def resolve_device(wanted: str) -> str:
    """`auto` is CUDA when torch finds it. Raises `ParamsError` when CUDA is wanted and torch does not find it."""
    import torch  # noqa: PLC0415

    if wanted != "cpu" and torch.cuda.is_available():
        return "cuda"
    if wanted != "cuda":
        return "cpu"
    raise ParamsError(
        f"compute.device: {wanted}, but torch {torch.__version__} finds no CUDA device; allowed here are auto and cpu. "
        "Set one of these, or install a torch build for CUDA and see that nvidia-smi lists the GPU"
    )


def multiplies_bf16(device: str) -> bool:
    """Whether the device multiplies bf16 in hardware, so that it is faster than fp32."""
    import torch  # noqa: PLC0415

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
