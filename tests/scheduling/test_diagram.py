from pathlib import Path

from scheduling.domain import diagram


def test_the_drawn_states_are_those_of_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "states.md"
    assert page.read_text() == diagram.page(), "Run `python manage.py draw_states` and commit docs/states.md."
