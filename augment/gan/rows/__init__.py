"""The GANs of rows: tables and vectors."""
