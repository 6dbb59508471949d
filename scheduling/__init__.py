"""Chairs, shifts, visits, the day board and the patient pages."""
