"""A course that a later one has overtaken is past: it is neither offered nor booked on top."""

from datetime import date, timedelta

import pytest

from core.errors import Conflict
from regimens.services import administrations
from scheduling.queries import due
from scheduling.services import booking
from tests import factories

MONDAY = date(2027, 3, 1)


@pytest.mark.django_db
def test_a_missed_course_is_not_offered_or_booked_after_a_later_one_was_given() -> None:
    clinic = factories.make_clinic()
    factories.make_shifts(clinic, MONDAY)
    order = factories.make_order(factories.make_patient(clinic))
    missed = factories.make_course_day(order, MONDAY - timedelta(days=21))
    given = factories.make_course_day(order, MONDAY)
    coming = factories.make_course_day(order, MONDAY + timedelta(days=21))
    by = factories.scheduler(clinic)
    assert list(due.unbooked(clinic)) == [missed, given, coming]
    started = administrations.draft(course_day=given, visit_id=given.id, at=factories.at(MONDAY, 9))
    started.save()
    assert missed not in due.unbooked(clinic)
    assert coming in due.unbooked(clinic)
    with pytest.raises(Conflict, match="A later course was given already"):
        booking.book(course_day=missed, chair=clinic.chairs.get(name="A1"), start=factories.at(MONDAY, 13), by=by)
