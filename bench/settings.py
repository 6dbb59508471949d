"""The clinic's settings, with static files straight from their folders and mail that goes nowhere."""

from infusion_clinic.settings import *  # noqa: F403
from infusion_clinic.settings import STORAGES

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
