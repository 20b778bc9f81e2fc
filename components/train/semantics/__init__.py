"""Pictures and attributes in one space: solvers, how classes are ranked, what is chosen and how."""
