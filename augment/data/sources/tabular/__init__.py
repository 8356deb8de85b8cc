"""Tables of people: read as they stand, and what their paths mean."""
