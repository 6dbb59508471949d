"""The Celery application: beat ticks, tasks wake up, the rules decide what is due."""

import os

from celery import Celery
from celery.signals import heartbeat_sent

from infusion_clinic import alive

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "infusion_clinic.settings")

app = Celery("infusion_clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def _show_that_the_worker_is_alive(**_facts: object) -> None:
    alive.touch()
