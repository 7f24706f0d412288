"""What the clouds' own APIs accept, checked without calling them.

Pure: plain properties in, violations out. Each cloud publishes a machine-readable model of its API inside its Python
client (botocore's service models, Google's discovery documents, the models of azure-mgmt-*). `shapes` is the one form
into which all three are read, `binding` says how a Pulumi resource maps onto an API operation, `check` compares.
"""
