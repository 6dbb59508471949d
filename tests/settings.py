"""The clinic's own settings, read after the suite's servers are up (pytest-django imports this first)."""

from tests import services

services.begin()

from infusion_clinic.settings import *  # noqa: E402, F403
from infusion_clinic.settings import STORAGES  # noqa: E402

# Static files straight from their folders, so that the suite needs no collectstatic.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
# The real hasher is slow by design; what the suite asks about passwords does not depend on it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
