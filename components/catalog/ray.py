"""Which Ray the platform's images hold, and which a tenant's own may hold."""

RAY_VERSION = "2.53.0"
"""Ray's version in the catalog's images. From 2.53 on a node answers health checks over HTTP, so an image needs no wget
for them (KubeRay v1.6.2, controllers/ray/common/pod.go); KubeRay 1.6.2's own samples carry it."""

RAY_OLDEST = (2, 52)
"""Oldest Ray that an image may hold: token authentication begins there (KubeRay v1.6.2, controllers/ray/utils/
validation.go)."""
