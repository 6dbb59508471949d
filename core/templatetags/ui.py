"""Template tags that draw: icons, chips, unit bars, heat steps. They decide nothing and read no data."""

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.looks import load_step, look_of

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon from the sprite. Without a label it is hidden from screen readers: a word stands beside it."""
    classes = f"icon icon-{size}" if size else "icon"
    source = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, source
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, source)


@register.simple_tag
def chip(word: str, tone: str = "calm", icon_name: str = "", size: str = "") -> SafeString:
    """A state as shape, word and colour. Tones: calm plain info good warn bad bad-solid violet teal."""
    classes = f"chip chip-{tone} chip-{size}" if size else f"chip chip-{tone}"
    drawing = icon(icon_name) if icon_name else ""
    return format_html('<span class="{}">{}{}</span>', classes, drawing, word)


@register.simple_tag
def status_chip(kind: str, status: object, note: str = "", size: str = "") -> SafeString:
    """The chip of a stored status: `{% status_chip "visit" visit.status %}`; `note` follows the word."""
    look = look_of(kind, str(status))
    return chip(f"{look.word} {note}".strip(), look.tone, look.icon, size)


@register.simple_tag
def status_icon(kind: str, status: object, label: str = "") -> SafeString:
    """Only the shape of a stored status; give it a label where no word stands beside it."""
    return icon(look_of(kind, str(status)).icon, label)


@register.simple_tag
def status_word(kind: str, status: object) -> str:
    """Only the word of a stored status."""
    return look_of(kind, str(status)).word


@register.simple_tag
def units_bar(left: float, total: float, held: float = 0, low_at: float = 0.2) -> SafeString:
    """A bar of what is left of a total, the reserved part paler. Write the numbers beside it."""
    whole = max(float(total), 0.0001)
    free = min(max(float(left) - float(held), 0), whole) / whole * 100
    reserved = min(max(float(held), 0), whole) / whole * 100
    tone = "is-low" if float(left) / whole < low_at else ""
    return format_html(
        '<svg class="bar {}" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bar-used" width="{}" height="1"></rect>'
        '<rect class="bar-held" x="{}" width="{}" height="1"></rect></svg>',
        tone,
        f"{free:.1f}",
        f"{free:.1f}",
        f"{reserved:.1f}",
    )


@register.simple_tag
def heat_step(need: float, on_shift: float) -> int:
    """The heat strip's step, 1 to 5, for a quarter hour's nurse need against nurses on shift."""
    return load_step(float(need), float(on_shift))


@register.filter
def is_tick_box(field: BoundField) -> bool:
    """Whether a form field is one tick box, whose label belongs after the box."""
    return field.widget_type == "checkbox"
