"""Prior authorizations: units, dates, clocks and follow-ups."""
