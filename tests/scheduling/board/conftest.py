"""The board's papers are read on the quiet Friday of the board's own pages."""

from tests.scheduling.pages.conftest import day, desk, moved_clock

__all__ = ["day", "desk", "moved_clock"]
