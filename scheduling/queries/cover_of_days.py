"""On which of several days a course day would be paid for: said in the list of openings before one is pressed."""

from collections.abc import Iterable
from datetime import date

from authorizations.queries.coverage import Need, find_many
from regimens.models import CourseDay


def uncovered(course_day: CourseDay, days: Iterable[date]) -> dict[date, str]:
    """The days on which nothing would cover `course_day`, each with the first reason. One SQL statement."""
    order = course_day.course.order
    asked = sorted(set(days))
    answers = find_many(clinic=order.clinic, needs=[Need(order, course_day.units, on) for on in asked])
    return {on: answer.reasons[0].sentence for on, answer in zip(asked, answers, strict=True) if answer.reasons}
