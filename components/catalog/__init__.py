"""Facts that the platform is checked against: GPUs, machines, versions, charts and images.

Pure data and pure functions: nothing here registers a resource, reads the network or knows a stack.
"""
