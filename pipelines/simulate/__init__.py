"""`graft simulate`: a year of production on the demo data, with the real monitor."""
