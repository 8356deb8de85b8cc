"""Runs the arms: who trains on what, and how each classifier scores."""
