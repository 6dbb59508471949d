"""Reading the catalogue and the orders."""
