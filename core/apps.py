"""The core app. It has no models; when the program starts it makes every form speak plainly."""

from django.apps import AppConfig

from core.plain_words import speak_plainly


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        speak_plainly()
