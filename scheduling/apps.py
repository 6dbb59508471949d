"""The scheduling app."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        """Tell `authorizations` who knows the visits: it may not import this package."""
        from authorizations import demand  # noqa: PLC0415 (models are ready only now)
        from scheduling.demand import VisitDemand  # noqa: PLC0415

        demand.register(VisitDemand())
