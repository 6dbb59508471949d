"""The suite: sentences about what the clinic does, on a real PostgreSQL and a real Redis."""
