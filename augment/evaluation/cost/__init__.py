"""What a run will cost and can show: told before anything trains, and it decides nothing."""
