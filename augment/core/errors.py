"""The errors that a user can cause or mend.

A message names the file or key, the value found, what is allowed, and the next thing to do.
Stages and the command line print it without a traceback and exit with 2.
"""


class AugmentError(Exception):
    """Base of every error that this project raises on purpose."""


class ParamsError(AugmentError):
    """params.yaml is missing, unreadable, or holds a key or value that is not allowed."""


class ArgumentError(AugmentError, ValueError):
    """An argument of a call does not fit; as Python says it, a ValueError."""


class DataError(AugmentError):
    """The image set cannot be used as it stands."""


class TrainingError(AugmentError):
    """A GAN could not be trained; the message says why."""


class BundleError(AugmentError):
    """A saved generator is missing, damaged, or not what its manifest says. `code`: what is wrong, in one word."""

    def __init__(self, message: str, code: str = "damaged") -> None:
        super().__init__(message)
        self.code = code


class StoreError(AugmentError):
    """The work store is in use by another run or cannot be written."""


class InUseError(StoreError):
    """Another run is at work on the same files."""


class WorkerError(AugmentError):
    """A process that did a share of the work is gone."""


class ClusterError(AugmentError):
    """A Ray cluster cannot be used, or is gone."""


def os_error_text(error: OSError) -> str:
    """What the system refused, and of which file."""
    return f"{error.filename or 'input or output'}: {error.strerror or error}"
