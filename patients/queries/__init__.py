"""Reading patients: finding one, and everything recorded about one."""
