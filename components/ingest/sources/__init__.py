"""Where pictures come from, one file each; the file name is the key."""
