"""Storage classes for block volumes, made in the zone of the pod that asks for them.

Sources: parameters from the documentation of the CSI drivers: aws-ebs-csi-driver (parameters, tagging), GKE
("Using customer-managed encryption keys", "Compute Engine persistent disk CSI driver"), azuredisk-csi-driver (driver
parameters), AKS ("Use Azure Premium SSD v2 disks").
"""

from collections.abc import Iterable, Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import platform_labels

BLOCK = "platform-block"
"""Name of the default class."""


class BlockClass(TypedDict):
    """What makes the volumes of one class, and how."""

    driver: str
    parameters: dict[str, pulumi.Input[str]]


def ebs_classes(key_arn: pulumi.Input[str], tags: Mapping[str, str]) -> dict[str, BlockClass]:
    """gp3 under the cluster's own key, with tags for billing."""
    tagging = {f"tagSpecification_{n}": f"{key}={value}" for n, (key, value) in enumerate(sorted(tags.items()), 1)}
    parameters: dict[str, pulumi.Input[str]] = {"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn, **tagging}
    return {BLOCK: {"driver": "ebs.csi.aws.com", "parameters": parameters}}


def google_classes(
    usual: str, disks: Iterable[str], key: pulumi.Input[str], labels: Mapping[str, str]
) -> dict[str, BlockClass]:
    """A class for each kind of disk that the machines can attach, since none fits them all: A3 Ultra and A4 take
    Hyperdisk only, G2, A2 and N2 no Hyperdisk Balanced (Compute Engine, machine families).

    Args:
        usual: Kind of the default class, such as pd-balanced.
        disks: Kinds that some node wants; those beside the usual one get the class platform-block-<kind>.
        key: The cluster's own key.
        labels: Labels for billing.
    """
    return {
        BLOCK if kind == usual else f"{BLOCK}-{kind}": {
            "driver": "pd.csi.storage.gke.io",
            "parameters": {"type": kind, "disk-encryption-kms-key": key, "labels": _pairs(labels)},
        }
        for kind in sorted({usual, *disks})
    }


def azure_classes(
    zones: Iterable[bool], encryption_set: pulumi.Input[str], tags: Mapping[str, str]
) -> dict[str, BlockClass]:
    """Premium SSD v2, which has no host cache, where every pool lies in availability zones; others cannot attach it.

    Where only some do, v1 is the default and v2 the class platform-block-premium-v2; where none does, there is no v2.

    Args:
        zones: Whether a pool lies in zones, for each.
        encryption_set: The disk encryption set of the cluster's own key, by resource id.
        tags: Tags for billing.
    """
    zonal = set(zones)
    newer, older = {"skuName": "PremiumV2_LRS", "cachingMode": "None"}, {"skuName": "Premium_LRS"}
    disks = {BLOCK: newer if zonal == {True} else older}
    if len(zonal) > 1:
        disks[f"{BLOCK}-premium-v2"] = newer
    return {
        name: {
            "driver": "disk.csi.azure.com",
            "parameters": {**disk, "diskEncryptionSetID": encryption_set, "tags": _pairs(tags)},
        }
        for name, disk in disks.items()
    }


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


class StorageClassesArgs(TypedDict):
    """What is made."""

    classes: dict[str, BlockClass]
    """By name; the one called `BLOCK` is the cluster's default."""


class StorageClasses(pulumi.ComponentResource):
    """The platform's storage classes. An existing cluster has its own, so it gets none."""

    def __init__(self, name: str, args: StorageClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:StorageClasses", name, dict(args), opts)
        for key, made in args["classes"].items():
            kubernetes.storage.v1.StorageClass(
                f"{name}-{key.removeprefix('platform-')}",
                metadata={
                    "name": key,
                    "labels": platform_labels(),
                    # Of several default classes the newest counts (Kubernetes 1.26 and later).
                    "annotations": {"storageclass.kubernetes.io/is-default-class": str(key == BLOCK).lower()},
                },
                provisioner=made["driver"],
                parameters=made["parameters"],
                volume_binding_mode="WaitForFirstConsumer",
                allow_volume_expansion=True,
                reclaim_policy="Delete",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"block": BLOCK})
