"""The endpoints, one module for each kind of thing: parse, call one service or query, show."""
