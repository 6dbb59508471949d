"""Drug catalogue, treatment orders, and the regimens they become."""
