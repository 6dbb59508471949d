"""The demo clinic: invented people, a day at mid-morning, twelve weeks behind it and twelve ahead.

Everything is planned in memory from a seed and the clinic's clock (`fill.plan`), with the same pure rules that booking
uses, and then written in bulk under all constraints and triggers. The same seed and moment give the same clinic.
"""
