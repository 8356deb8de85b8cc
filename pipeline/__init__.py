"""DVC stages: read params, call augment, write outputs."""
