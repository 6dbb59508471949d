"""Adapters for browsers: parse, authorize, call one service, render."""
