"""Reads: frozen dataclasses or QuerySets, scoped by clinic, with a fixed number of SQL statements."""
