"""Benchmarks people can run: every number is a ratio to plain SQL on the same database in the same run."""
