"""The log of who saw and who did what."""

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [path("", views.log, name="log")]
