"""Pure rules of the record: how events are written down for hashing, and how seals are chained."""
