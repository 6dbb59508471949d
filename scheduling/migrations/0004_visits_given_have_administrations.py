"""Visits whose infusion began before administrations were kept get one each: what was planned, not yet recorded."""

from typing import Any

from django.db import migrations

BEGUN = ["infusing", "observing", "completed", "left_early"]
BATCH = 500


def keep_what_was_given(apps: Any, _schema_editor: Any) -> None:
    """One administration for each course day that was given; the visit's own stamps say when."""
    visit_model = apps.get_model("scheduling", "Visit")
    administration = apps.get_model("regimens", "Administration")
    kept = set(administration.objects.filter(voided_at__isnull=True).values_list("course_day_id", flat=True))
    visits = (
        visit_model.objects.filter(status__in=BEGUN)
        .exclude(status="left_early", infusion_started_at__isnull=True)
        .select_related("course_day__course__order")
        .order_by("created_at")
    )
    rows = [_row(administration, visit) for visit in visits.iterator() if visit.course_day_id not in kept]
    administration.objects.bulk_create(rows, batch_size=BATCH)


def _row(administration: Any, visit: Any) -> Any:
    day = visit.course_day
    order = day.course.order
    started_at = visit.infusion_started_at or visit.period.lower
    ended_at = visit.observation_started_at or visit.ended_at
    has_ended = visit.status in {"completed", "left_early"}
    is_cut_short = visit.status == "left_early" and visit.observation_started_at is None
    return administration(
        order=order,
        course_day=day,
        visit_id=visit.id,
        product_id=order.product_id,
        started_at=started_at,
        stopped_at=max(started_at, ended_at) if has_ended and ended_at else None,
        is_complete=False if is_cut_short else None,
        dosing_weight_kg=order.dosing_weight_kg,
        weight_basis=order.weight_basis,
        planned_dose_mg=day.dose_mg,
        planned_minutes=sum(phase["minutes"] for phase in day.phases if phase["kind"] == "infusion"),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("regimens", "0003_what_medicine_needs"),
        ("scheduling", "0003_the_gate_and_decisions"),
    ]
    operations = [migrations.RunPython(keep_what_was_given, migrations.RunPython.noop)]
