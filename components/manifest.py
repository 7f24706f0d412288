"""The type of Kubernetes specs that pure builders make."""

from typing import Any

Spec = Any
"""A part of a Kubernetes object in the API's own camelCase words, as plain data.

The SDK's argument types are spelled in Python's way and differ from what the API's documentation, policies and tests
show, so builders speak the API's language; its schema is checked by the API server itself.
"""
