"""Simulated volumes: what the provisioner of a CSI driver does for claims, without disks.

A claim of a class is served only when the class's driver is installed in the cluster, which its CSIDriver object says;
else it stays Pending for ever, as it would in the cloud. Volumes have no zone, so the scheduler is freer than there.
Binding itself is done by the real controller manager.
"""

import http
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from rehearsal.kube import JsonObject, Kube, KubeError

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
DRIVERS = "/apis/storage.k8s.io/v1/csidrivers"
CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"

DISK = "disk.rehearsal.multimodal.dev"
"""CSI driver of an existing cluster's disks."""

SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""The scheduler writes it on a claim that waits for its first pod (Kubernetes, well-known annotations)."""
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"


def step(api: Kube) -> None:
    """Makes the volumes that claims wait for, and removes those that nobody claims any more."""
    waiting = [claim for claim in api.items(CLAIMS) if _waits(claim)]
    if waiting:
        classes = {found["metadata"]["name"]: found for found in api.items(CLASSES)}
        drivers = {found["metadata"]["name"] for found in api.items(DRIVERS)}
        for claim in waiting:
            made = volume_for(claim, classes, drivers)
            if made is not None:
                _create(api, made)
    for volume in api.items(VOLUMES):
        if is_left_over(volume):
            api.delete(f"{VOLUMES}/{quote(volume['metadata']['name'])}")


def install(api: Kube, driver: str) -> None:
    """Says that a CSI driver is there. Nothing has to be attached, since there is nothing."""
    body: dict[str, Any] = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSIDriver",
        "metadata": {"name": driver},
        "spec": {"attachRequired": False},
    }
    api.apply(f"{DRIVERS}/{quote(driver)}", body, "rehearsal")


def default_class(api: Kube) -> None:
    """A default StorageClass with a driver of its own, as a cluster has that others made."""
    install(api, DISK)
    body: dict[str, Any] = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": DISK,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
    api.apply(f"{CLASSES}/standard", body, "rehearsal")


def remove(api: Kube, driver: str) -> None:
    """Says that a CSI driver is gone."""
    api.delete(f"{DRIVERS}/{quote(driver)}")


def volume_for(claim: JsonObject, classes: Mapping[str, JsonObject], drivers: Collection[str]) -> JsonObject | None:
    """The volume that a waiting claim gets; None while nobody provisions it.

    Args:
        claim: A claim without a volume.
        classes: StorageClasses by name.
        drivers: CSI drivers that are installed.
    """
    spec, metadata = claim["spec"], claim["metadata"]
    kind = classes.get(spec.get("storageClassName") or "")
    if kind is None or kind["provisioner"] not in drivers:
        return None
    chosen = SELECTED_NODE in (metadata.get("annotations") or {})
    if kind.get("volumeBindingMode") == "WaitForFirstConsumer" and not chosen:
        return None
    name = f"pvc-{metadata['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: kind["provisioner"]}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "persistentVolumeReclaimPolicy": kind.get("reclaimPolicy", "Delete"),
            "storageClassName": spec["storageClassName"],
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **{key: metadata[key] for key in ("namespace", "name", "uid")},
            },
            "csi": {"driver": kind["provisioner"], "volumeHandle": name},
        },
    }


def is_left_over(volume: JsonObject) -> bool:
    """Whether its claim is gone and its class says that it then goes too. Volumes that a person made are left alone."""
    return (
        _PROVISIONED_BY in (volume["metadata"].get("annotations") or {})
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and volume.get("status", {}).get("phase") == "Released"
        and "deletionTimestamp" not in volume["metadata"]
    )


def _waits(claim: JsonObject) -> bool:
    return not claim["spec"].get("volumeName") and "deletionTimestamp" not in claim["metadata"]


def _create(api: Kube, volume: JsonObject) -> None:
    try:
        api.create(VOLUMES, volume)
    except KubeError as error:
        # The controller manager has not yet noticed the one of the last round.
        if error.status != http.HTTPStatus.CONFLICT:
            raise
