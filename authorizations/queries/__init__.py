"""Reads: frozen dataclasses, scoped by clinic, a fixed number of SQL statements."""
