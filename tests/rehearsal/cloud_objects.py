"""What users make in a cluster and a cloud pays for, and a stand-in for the controllers that clean up after them."""

import contextlib
import threading
import time
from types import TracebackType

from rehearsal.kube import JsonObject, Kube, KubeError

BALANCER = "service.kubernetes.io/load-balancer-cleanup"
"""Finalizer of cloud controller managers (k8s.io/cloud-provider, service helpers)."""
VOLUME = "external-provisioner.volume.kubernetes.io/finalizer"
"""Finalizer of the CSI external-provisioner, which keeps a volume's object until the disk is deleted."""
_PERIOD_SECONDS = 0.1


def balancer(api: Kube, namespace: str) -> JsonObject:
    """A Service for which a cloud makes a load balancer."""
    body = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front", "finalizers": [BALANCER]},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 443}], "selector": {"app": "front"}},
    }
    return api.create(f"/api/v1/namespaces/{namespace}/services", body)


def volume(api: Kube, namespace: str, driver: str) -> None:
    """A claim, and the volume that a CSI driver made for it."""
    size = {"storage": "10Gi"}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "scratch"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "platform-block",
            "volumeName": f"{namespace}-scratch",
            "resources": {"requests": size},
        },
    }
    made = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"{namespace}-scratch",
            "finalizers": [VOLUME],
            "annotations": {"pv.kubernetes.io/provisioned-by": driver},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": size,
            "storageClassName": "platform-block",
            "persistentVolumeReclaimPolicy": "Delete",
            "claimRef": {"namespace": namespace, "name": "scratch"},
            "csi": {"driver": driver, "volumeHandle": "vol-1"},
        },
    }
    api.create("/api/v1/persistentvolumes", made)
    api.create(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", claim)


class CloudControllers:
    """Removes load balancers and volumes that are no longer wanted, as long as the cluster has a node to run on."""

    def __init__(self, api: Kube) -> None:
        self._api = api
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.removed: list[str] = []
        """What it cleaned up."""

    def __enter__(self) -> "CloudControllers":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            # What the API server does not answer now, it answers next time.
            with contextlib.suppress(KubeError):
                if self._api.items("/api/v1/nodes"):
                    self._clean_up()
            time.sleep(_PERIOD_SECONDS)

    def _clean_up(self) -> None:
        for service in self._api.items("/api/v1/services"):
            meta = service["metadata"]
            if meta.get("deletionTimestamp") and BALANCER in meta.get("finalizers", ()):
                path = f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}"
                self._api.merge(path, {"metadata": {"finalizers": None}})
                self.removed.append("load balancer")
        for found in self._api.items("/api/v1/persistentvolumes"):
            if found["status"].get("phase") == "Released":
                path = f"/api/v1/persistentvolumes/{found['metadata']['name']}"
                self._api.delete(path)
                kept = [one for one in found["metadata"].get("finalizers", ()) if one != VOLUME]
                self._api.merge(path, {"metadata": {"finalizers": kept}})
                self.removed.append("volume")
