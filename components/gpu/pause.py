"""The container that stays when a DaemonSet's work is an init container. Pure."""

from components.catalog.images import PAUSE, Lock
from components.manifest import Spec


def pause(lock: Lock) -> Spec:
    """A container that does nothing and may do nothing."""
    return {
        "name": "pause",
        "image": PAUSE.reference(lock),
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
