"""The demo: one command to a working clinic of invented people, kept in the folder `.demo` of the checkout."""
