"""What labels a data set has: classes, further tasks, domains, pictures without one."""
