"""Append-only record of who saw and who did what."""
