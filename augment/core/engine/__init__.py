"""Units of work, mapped over in this process, in one process per core, or on a Ray cluster."""

from augment.core.engine.engine import Engine, engine_of
from augment.core.engine.home import Here, Home
from augment.core.engine.shared_array import SharedArray
from augment.core.engine.standalone import standalone

__all__ = ["Engine", "Here", "Home", "SharedArray", "engine_of", "standalone"]
