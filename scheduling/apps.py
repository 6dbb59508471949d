"""The scheduling app."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        """Tell the packages to the left who knows the visits: they may not import this one."""
        from accounts import context  # noqa: PLC0415
        from authorizations import demand  # noqa: PLC0415 (models are ready only now)
        from messaging import subjects  # noqa: PLC0415
        from scheduling.demand import VisitDemand  # noqa: PLC0415
        from scheduling.queries import requests  # noqa: PLC0415
        from scheduling.services import (  # noqa: PLC0415
            offer_messages,
            series_notices,
            visit_letters,
            visit_messages,
            waiting,
        )

        context.register_badges(requests.count_waiting)
        demand.register(VisitDemand())
        subjects.register(visit_messages.SUBJECT, visit_messages.is_current)
        subjects.register(series_notices.SUBJECT, series_notices.is_current)
        subjects.register(visit_letters.SUBJECT, visit_letters.is_current)
        subjects.register(waiting.OFFER_SUBJECT, offer_messages.is_current)
