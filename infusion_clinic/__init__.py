"""Settings, addresses, the Celery application and the embedded services. No rule of the clinic lives here."""

from infusion_clinic.celery import app as celery_app

__all__ = ["celery_app"]
