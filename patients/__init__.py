"""People treated here: demographics, contacts, weights, labs, risks, insurance."""
