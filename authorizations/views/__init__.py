"""Adapters: parse, authorize, ask one query or call one service, render."""
