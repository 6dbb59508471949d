"""Addresses of the outbox. The public one exists in a demo only."""

from django.conf import settings
from django.urls import path

from messaging import views

app_name = "messaging"
urlpatterns = [path("outbox/", views.outbox, name="outbox")]
if settings.DEMO:
    urlpatterns.append(path("demo/outbox/", views.demo_outbox, name="demo-outbox"))
