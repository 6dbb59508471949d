"""The addresses that `type` leads to in every problem."""

from django.urls import path

from api.views import docs

app_name = "problems"
urlpatterns = [
    path("", docs.problems, name="list"),
    path("<slug:code>", docs.problem, name="problem"),
]
