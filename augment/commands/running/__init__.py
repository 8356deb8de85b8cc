"""`augment run`: what it asks for, plans, changes and starts."""
