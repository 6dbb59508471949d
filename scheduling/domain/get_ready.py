"""What a patient does before coming, in plain words. Pure. A clinic's own letter goes before this list."""


def get_ready(*, is_immune_globulin: bool, needs_premedication: bool, minutes: int) -> tuple[str, ...]:
    """Things to do and to bring for a visit of `minutes`."""
    lines = []
    if is_immune_globulin:
        lines.append("Drink plenty of water the day before and on the day.")
    lines += [
        "Eat as usual, and wear sleeves that roll up.",
        "Bring a list of the medicines you take.",
    ]
    if minutes >= 120:
        lines.append("Bring something to read or watch, and a warm layer.")
    if needs_premedication:
        lines.append("Ask someone to drive you home. The medicine we give first can make you sleepy.")
    lines.append("Fever or a new illness? Call us before you come.")
    return tuple(lines)
