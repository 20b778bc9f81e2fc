"""`graft up`: server, gateway and console as one."""
