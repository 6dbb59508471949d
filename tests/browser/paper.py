"""What a page looks like on paper: how many sheets, and the words that a reader of the PDF can find and copy.

Reads the PDFs that Chromium writes (Skia's): every object in plain sight, texts as glyph numbers, and for every font a
table from those to letters. It needs no other program.
"""

import re
import zlib
from functools import cache

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\nendstream", re.DOTALL)
_TEXT = re.compile(rb"\nBT\n(.*?)\nET", re.DOTALL)
_PIECE = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-F]+)>")
_FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
_LETTER = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4,})>\n")
_LETTERS = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]{4})>\n")


class Paper:
    """A PDF by its objects."""

    def __init__(self, pdf: bytes) -> None:
        self.objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
        self.pages = [body for body in self.objects.values() if re.search(rb"/Type /Page\b(?!s)", body)]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the first page, in points."""
        box = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", self.pages[0])
        assert box is not None
        return float(box[1]), float(box[2])

    def words(self) -> str:
        """The text layer: what is drawn in one go is a line of its own."""
        return "\n".join(line for page in self.pages for line in self._lines(page))

    def _lines(self, page: bytes) -> list[str]:
        fonts = {name: int(number) for name, number in _FONT.findall(page)}
        contents = re.search(rb"/Contents (\d+)", page)
        assert contents is not None
        letters: dict[int, str] = {}
        lines = []
        for text in _TEXT.findall(self._stream(int(contents[1]))):
            line = ""
            for font, glyphs in _PIECE.findall(text):
                if font:
                    letters = self._letters(fonts[font])
                pairs = (glyphs[at : at + 4] for at in range(0, len(glyphs), 4))
                line += "".join(letters.get(int(pair, 16), "?") for pair in pairs)
            lines.append(line)
        return lines

    @cache  # noqa: B019 (a paper is read once and thrown away)
    def _letters(self, font: int) -> dict[int, str]:
        table = re.search(rb"/ToUnicode (\d+)", self.objects[font])
        assert table is not None
        rows = self._stream(int(table[1]))
        found = {}
        for first, last, letter in _LETTERS.findall(rows):
            for at in range(int(first, 16), int(last, 16) + 1):
                found[at] = chr(int(letter, 16) + at - int(first, 16))
        singles = rows.replace(b"endbfchar", b"\n").split(b"beginbfrange")[0]
        for glyph, letter in _LETTER.findall(_LETTERS.sub(b"", singles)):
            found[int(glyph, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
        return found

    def _stream(self, number: int) -> bytes:
        body = self.objects[number]
        stream = _STREAM.search(body)
        assert stream is not None
        return zlib.decompress(stream[1]) if b"/FlateDecode" in body else stream[1]
