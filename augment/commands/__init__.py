"""What each command of `augment` does; `augment.cli` parses the command line."""
