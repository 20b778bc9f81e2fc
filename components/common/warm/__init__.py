"""Start Python programs from a process that has imported what they need already.

`import tensorflow` and the interpreter's end cost several seconds of processor time, and a run on
this machine has half a dozen programs that pay them. A warm parent pays once: it imports, touches
no device, starts no thread, and forks for each program. `owner` starts the parent and ends it,
`launcher` stands in for the interpreter, `parent` forks. Where anything is odd (other environment
variables, another folder, a thread that must not be forked, no Linux) the launcher becomes the
plain interpreter. Only for runs on this machine: no container and no cluster has a parent.
"""
