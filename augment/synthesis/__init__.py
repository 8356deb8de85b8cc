"""From generators to chosen samples."""
