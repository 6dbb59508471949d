"""The outbox and the channels that empty it."""
