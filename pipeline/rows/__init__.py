"""What the stages do where data/prepared holds rows of a table, or vectors."""
