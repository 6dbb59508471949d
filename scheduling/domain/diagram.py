"""The state diagram of a visit, drawn from the table of moves so that the picture cannot lie. Pure."""

from scheduling.domain.statuses import FORWARD, VisitStatus


def mermaid() -> str:
    """The forward moves as a Mermaid diagram; undo reverses each of them."""
    lines = ["stateDiagram-v2", "    [*] --> booked"]
    for before in VisitStatus:
        lines += [f"    {before.value} --> {after.value}" for after in FORWARD[before]]
        if not FORWARD[before]:
            lines.append(f"    {before.value} --> [*]")
    return "\n".join(lines)


def page() -> str:
    """The whole of `docs/states.md`."""
    rows = "\n".join(
        f"| {status.label} | `{status.value}` | {', '.join(after.label for after in FORWARD[status]) or '(finished)'} |"
        for status in VisitStatus
    )
    return f"""# The statuses of a visit

Written by `python manage.py draw_states` from `scheduling/domain/statuses.py`, the one table that also feeds the
service, the buttons and the database trigger `status_moves`. Every move can be undone by the reverse move.

| status | stored as | can become |
|---|---|---|
{rows}

```mermaid
{mermaid()}
```
"""
