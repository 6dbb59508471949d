"""What must be true of the design system's files, whatever page uses them."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from core.looks import TABLES, load_step, look_of
from tools.board_grid import OUTPUT, stylesheet

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
AA = 4.5


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tokens() -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", (STATIC / "css/base.css").read_text()))


@pytest.mark.parametrize("tone", ["info", "good", "warn", "bad", "calm", "violet"])
def test_every_tone_is_readable_on_its_own_ground_and_on_paper(tone: str) -> None:
    known = tokens()
    assert contrast(known[tone], known[f"{tone}-bg"]) >= AA
    assert contrast(known[tone], known["paper"]) >= AA


@pytest.mark.parametrize("ink", ["ink", "ink-2", "link"])
@pytest.mark.parametrize("ground", ["paper", "page", "sunk", "brand-tint"])
def test_plain_text_is_readable_on_every_ground(ink: str, ground: str) -> None:
    known = tokens()
    assert contrast(known[ink], known[ground]) >= AA


def test_every_visit_bar_is_readable() -> None:
    board = (STATIC / "css/board.css").read_text()
    default = dict(
        re.findall(r"--(fill|text): (#[0-9a-f]{3,6});", board[: board.index("position: relative; display: grid")])
    )
    rules = re.findall(r"\.visit\.is-[^{]+\{([^}]*)\}", board)
    pairs = [default | dict(re.findall(r"--(fill|text): (#[0-9a-f]{3,6});", rule)) for rule in rules]
    assert len(pairs) > 8
    assert [pair for pair in pairs if contrast(pair["fill"], pair["text"]) < AA] == []


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_every_status_has_a_shape_and_a_word(kind: str) -> None:
    assert {look.icon for look in TABLES[kind].values()} <= ICONS
    assert all(look.word for look in TABLES[kind].values())


def test_a_status_nobody_has_drawn_yet_still_gets_a_readable_chip() -> None:
    assert look_of("visit", "sent_to_lab").word == "Sent to lab"


def test_statuses_on_the_board_differ_by_shape_alone() -> None:
    shown = ["booked", "confirmed", "arrived", "seated", "infusing", "observing", "completed", "no_show"]
    assert len({look_of("visit", status).icon for status in shown}) == len(shown)


def test_every_icon_a_template_asks_for_is_drawn() -> None:
    asked = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in TEMPLATES
        for name in re.findall(r'\{% icon "([^"]+)"|icon_name="([^"]+)"', path.read_text())
        for name in filter(None, name)
    }
    assert asked
    assert {(path, name) for path, name in asked if name not in ICONS} == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_no_template_breaks_the_content_security_policy(path: Path) -> None:
    """Inline style and script would be refused by the browser, and other hosts are never asked."""
    text = path.read_text()
    assert not re.search(r"<[^>]+\sstyle\s*=", text)
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", text)
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")[^>]*>", text)
    assert not re.search(r"\shx-on|\shx-vars|\shx-vals\s*=\s*['\"]js:", text)
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", text)


def test_the_boards_places_are_what_their_tool_writes() -> None:
    assert OUTPUT.read_text() == stylesheet(), "Run: python tools/board_grid.py"


def test_vendored_files_are_unchanged() -> None:
    subprocess.run([ROOT / "tools/vendor.sh", "--check"], check=True, capture_output=True)


def test_pages_stay_light() -> None:
    """Compressed: own and vendored JavaScript of the heaviest page up to 40 kB, style sheets up to 30 kB."""
    scripts = [*STATIC.glob("js/*.js"), *STATIC.glob("vendor/*/*.min.js")]
    sheets = list(STATIC.glob("css/*.css"))
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) <= 40_000
    assert sum(len(gzip.compress(path.read_bytes())) for path in sheets) <= 30_000


@pytest.mark.parametrize(
    ("need", "on_shift", "step"),
    [(0, 4, 1), (1.9, 4, 1), (2, 4, 2), (3, 4, 3), (3.6, 4, 4), (4, 4, 4), (4.1, 4, 5), (0, 0, 1), (0.5, 0, 5)],
)
def test_the_heat_strip_steps_at_half_three_quarters_nine_tenths_and_full(
    need: float, on_shift: float, step: int
) -> None:
    assert load_step(need, on_shift) == step
