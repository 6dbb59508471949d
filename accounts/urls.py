"""The start page, one's own settings, and the switch between clinics. Signing in is allauth's (`/accounts/`)."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("clinic/", views.clinic_switch, name="clinic-switch"),
    path("me/", views.me, name="me"),
]
