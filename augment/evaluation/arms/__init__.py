"""What each arm draws, and the classifier of its family that learns from it."""
