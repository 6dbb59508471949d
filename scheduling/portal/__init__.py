"""The patient's own pages, made for a phone. All is found through the patient's id, whatever the address says."""
