"""What `augment check` and `augment init` do."""
