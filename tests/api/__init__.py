"""The API, from outside: real requests against real services, PostgreSQL and Redis."""
