"""Places that come and go: outages, turnover, and the pages on which a manager sets a clinic up."""
