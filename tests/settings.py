"""The clinic's own settings, read after the suite's servers are up (pytest-django imports this first)."""

from tests import services

services.begin()

from infusion_clinic.settings import *  # noqa: E402, F403
