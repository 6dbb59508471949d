"""How a dose is called on the board and in lists."""

from regimens.models import CourseDay


def drug(day: CourseDay) -> str:
    """The drug and dose of a course day: "IVIG 30 g", "infliximab 400 mg"."""
    product = day.course.order.product
    if product.is_immune_globulin:
        return f"{product.board_name} {(day.dose_mg / 1000).normalize():f} g"
    return f"{product.board_name} {day.dose_mg.normalize():f} mg"
