"""Writes: lock, check, change, audit, enqueue, in one transaction."""
