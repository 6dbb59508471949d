"""The pieces of which a board has hundreds, as HTML: visits, gaps, past time, quarter hours of load.

Drawn here and not in a template because the board must be drawn in a few milliseconds, many times a minute, and
template tags for 130 pieces take longer than everything else. Every text that people or the database gave is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from django.utils.safestring import SafeString

from core.looks import look_of
from core.templatetags.ui import icon
from scheduling.presenters.bars import Bar


class Icons(dict[str, str]):
    """Icons by name, each drawn once a page."""

    def __missing__(self, name: str) -> str:
        self[name] = str(icon(name))
        return self[name]


def visit(bar: Bar, icons: Icons, *, is_selected: bool, can_check: bool) -> str:
    """A visit as a link that opens it; with `can_check`, its start leads through the check where that is not made."""
    state = f"is-{bar.status}{' is-late' if bar.is_late else ''}{' is-selected' if is_selected else ''}"
    timer = f" · {bar.timer}" if bar.timer else ""
    moves = f"{' data-moves' if bar.is_movable else ''}{' data-resizes' if bar.is_resizable else ''}"
    if bar.needs_check and can_check:
        moves += f' data-check="{bar.url}infusion-check/"'
    return (
        f'<a class="visit {state} s{bar.offset} w{bar.width}" id="visit-{bar.id}" href="{bar.url}" '
        f'data-status="{bar.status}" data-version="{bar.version}"{moves}>'
        f"{icons[look_of('visit', bar.status).icon]}"
        f'<span class="visit-text"><span class="visit-who"><b>{escape(bar.name)}</b> '
        f'<span class="visit-drug">{escape(bar.drug)}</span></span> <span class="visit-when">{bar.starts}'
        f'<span class="visit-end">–{bar.ends}{timer}</span></span></span>{_flags(bar, icons)}'
        f'<span class="visually-hidden">, {escape(bar.said)}</span>{_phases(bar)}</a>'
    )


def gap(*, id_: str, offset: int, width: int, url: str, said: str, minutes: int) -> str:
    """Free time as a link that books it."""
    return (
        f'<a class="gap s{offset} w{width}" id="{id_}" href="{escape(url)}">'
        f'<span class="gap-label">+ {minutes} min</span><span class="visually-hidden">: {escape(said)}</span></a>'
    )


def past(*, offset: int, width: int) -> str:
    """Free time that nobody can book: gone by, or not theirs to book."""
    return f'<span class="past s{offset} w{width}"></span>'


def out(*, offset: int, width: int, words: str, said: str) -> str:
    """Time for which a chair is out of use: nobody can book it, and the words say why."""
    return (
        f'<span class="closed s{offset} w{width}" title="{escape(words)}">'
        f'<span aria-hidden="true">{escape(words)}</span>'
        f'<span class="visually-hidden">{escape(said)}</span></span>'
    )


def heat(*, offset: int, step: int, need: str, nurses: str, is_over: bool) -> str:
    """Nurse need over nurses on shift in one quarter hour."""
    mark = "▲" if is_over else ""
    return f'<span class="heat heat-{step} s{offset} w1"><b>{need}</b><small>{mark}{nurses}</small></span>'


def lane(pieces: Iterable[tuple[int, str]]) -> SafeString:
    """Pieces in order of time, which is the order in which they are read aloud. Each is safe by the functions above."""
    return SafeString("".join(html for _, html in sorted(pieces)))


def table_rows(rows: Mapping[str, Sequence[str]]) -> SafeString:
    """Rows of a table of numbers, each under its heading."""
    return SafeString(
        "".join(
            f'<tr><th scope="row">{head}</th>{"".join(f"""<td class="num">{cell}</td>""" for cell in cells)}</tr>'
            for head, cells in rows.items()
        )
    )


def _flags(bar: Bar, icons: Icons) -> str:
    if not bar.flags:
        return ""
    flags = "".join(
        f'<span class="flag {flag.tone}{" is-light" if flag.is_light else ""}">{icons[flag.icon]}'
        f'<span class="flag-word">{escape(flag.word)}</span></span>'
        for flag in bar.flags
    )
    return f'<span class="visit-flags">{flags}</span>'


def _phases(bar: Bar) -> str:
    lines = "".join(f'<line class="{one.css}" x1="{one.x1}" x2="{one.x2}" y1="2" y2="2"/>' for one in bar.strips)
    return (
        f'<svg class="phases" viewBox="0 0 {bar.minutes} 4" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>'
    )
