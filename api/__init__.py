"""The REST API: adapters over the same services. No models, no rules."""
