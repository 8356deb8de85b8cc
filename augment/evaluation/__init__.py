"""Arms, statistics, verdict."""
