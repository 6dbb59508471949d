"""The core app. It has no models."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
