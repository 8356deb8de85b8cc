"""The comparison of ways to train on rows of a table, or on vectors."""
