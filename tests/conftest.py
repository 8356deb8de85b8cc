"""What all tests share."""

import torch
from hypothesis import settings

torch.set_num_threads(1)  # as the units of work run; two threads on two busy cores wait for each other
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
