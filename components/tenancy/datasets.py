"""A tenant's shared volume in the cluster: a volume that is promised to one claim, and that claim.

Both are written down instead of provisioned on demand, so that a destroy finds everything that a cloud bills.
"""

from components.manifest import Spec
from components.storage.outputs import Volume

CLAIM = "datasets"
"""Name of the claim in every tenant's namespace."""


def volume_name(tenant: str) -> str:
    """Volumes are in no namespace, so their names say whose they are."""
    return f"{tenant}-{CLAIM}"


def volume_spec(volume: Volume, tenant: str) -> Spec:
    """Spec of the PersistentVolume. It names its claim, so that no other tenant can bind to it."""
    source: Spec = {
        "driver": volume.driver,
        "volumeHandle": volume.handle,
        "volumeAttributes": volume.attributes,
    }
    modes = ["ReadWriteMany"]
    if volume.takes_fs_group:
        # Kubelet looks for both before it gives a volume of the policy ReadWriteOnceWithFSType to a pod's fsGroup
        # (Kubernetes, pkg/volume/csi, supportsFSGroup).
        source["fsType"] = "nfs"
        modes.append("ReadWriteOnce")
    return {
        "capacity": {"storage": f"{volume.size_gib}Gi"},
        "accessModes": modes,
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "mountOptions": volume.mount_options,
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": tenant, "name": CLAIM},
        "csi": source,
    }


def claim_spec(volume: Volume, tenant: str) -> Spec:
    """Spec of the PersistentVolumeClaim. Its empty class keeps the default class from making a second volume."""
    return {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": f"{volume.size_gib}Gi"}},
        "storageClassName": "",
        "volumeName": volume_name(tenant),
    }
