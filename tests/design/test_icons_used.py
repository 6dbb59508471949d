"""An icon that is asked for but not drawn leaves an empty box."""

import re
from pathlib import Path

from scheduling.presenters import bars

ROOT = Path(__file__).parents[2]


def test_every_flag_of_a_visit_has_a_shape_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (ROOT / "static" / "icons.svg").read_text()))
    asked = set(re.findall(r'Flag\("[^"]+"?, "[^"]*", "([a-z-]+)"', Path(bars.__file__).read_text()))
    asked |= set(re.findall(r'Flag\(f"[^"]+", "[^"]*", "([a-z-]+)"', Path(bars.__file__).read_text()))
    assert {"octagon", "people"} <= asked <= drawn
