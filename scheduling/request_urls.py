"""Addresses of patients' requests, for the staff pages of scheduling."""

from django.urls import path

from scheduling.views import requests

urlpatterns = [
    path("requests/", requests.requests, name="requests"),
    path("requests/<uuid:request_id>/answer/", requests.request_answer, name="request-answer"),
    path("tasks/<uuid:task_id>/done/", requests.task_done, name="task-done"),
]
