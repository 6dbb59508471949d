"""Writes static/css/board-grid.css: the classes that place things on the day board by the quarter hour.

The content security policy forbids `style=""`, so places are class names. Run `python tools/board_grid.py` after a
change; a test compares the committed file with what this writes.
"""

from pathlib import Path

QUARTERS = 64  # sixteen hours: the longest day a board shows
SHORTEST_DAY = 16
MINUTES = 15
OUTPUT = Path(__file__).parents[1] / "static" / "css" / "board-grid.css"


def stylesheet() -> str:
    """The whole stylesheet."""
    rules = [f".s{n}{{grid-column-start:{n + 1}}}" for n in range(QUARTERS)]
    rules += [f".w{n}{{grid-column-end:span {n}}}" for n in range(1, QUARTERS + 1)]
    rules += [f".q{n}{{--q:{n}}}" for n in range(SHORTEST_DAY, QUARTERS + 1)]
    rules += [f".n{n}{{--n:{n}}}" for n in range(QUARTERS)]
    rules += [f".m{n}{{--m:{n}}}" for n in range(MINUTES)]
    head = "/* Written by tools/board_grid.py: s start, w width, q quarters in the day, n and m the time now. */"
    return f"{head}\n@layer board{{\n{chr(10).join(rules)}\n}}\n"


if __name__ == "__main__":
    OUTPUT.write_text(stylesheet(), encoding="utf-8")
