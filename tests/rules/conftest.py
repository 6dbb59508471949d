"""Properties are tried on the same examples every run, without a clock over them: two people share the machine."""

from hypothesis import settings

settings.register_profile("rules", deadline=None, database=None, derandomize=True, max_examples=150)
settings.load_profile("rules")
