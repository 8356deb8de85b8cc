"""A call of a library's, in whatever state its process is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

# Forward-mode derivatives and the default dtype belong to the process; a callback may come here once more.
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def standalone() -> Iterator[None]:
    """As in a process of its own: gradients on, float32, on the CPU, no autocast, no other thread in here."""
    import torch  # noqa: PLC0415  (a process that keeps files for others needs none)

    with (
        _ONE_AT_A_TIME,
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
        nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"),  # it slows every call
    ):
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(usual)
