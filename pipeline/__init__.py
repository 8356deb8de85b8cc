"""DVC stages: read params, call augment, write outputs."""

import sys

if sys.argv[0] == "-m":  # Python is looking for the stage to run, and has imported nothing of it yet
    from pipeline.start import begin

    begin()
