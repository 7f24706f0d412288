"""The default storage class: fast block volumes, made in the zone of the pod that asks for them.

Sources: provisioners and parameters from the documentation of the CSI drivers: aws-ebs-csi-driver, GKE Persistent Disk
CSI driver, azuredisk-csi-driver.
"""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import platform_labels

BLOCK = "platform-block"
"""Name of the class."""

_DRIVERS: dict[str, tuple[str, dict[str, str]]] = {
    "eks": ("ebs.csi.aws.com", {"type": "gp3", "encrypted": "true"}),
    "gke": ("pd.csi.storage.gke.io", {"type": "pd-balanced"}),
    # Premium SSD v2 exists in availability zones only; v1 exists everywhere.
    "aks": ("disk.csi.azure.com", {"skuName": "Premium_LRS"}),
}
"""Provider -> driver and parameters."""


class StorageClassesArgs(TypedDict):
    """What the classes depend on."""

    provider: str
    """eks, gke or aks."""


class StorageClasses(pulumi.ComponentResource):
    """The platform's default storage class. An existing cluster has its own, so it gets none."""

    def __init__(self, name: str, args: StorageClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:StorageClasses", name, dict(args), opts)
        driver, parameters = _DRIVERS[args["provider"]]
        kubernetes.storage.v1.StorageClass(
            f"{name}-block",
            metadata={
                "name": BLOCK,
                "labels": platform_labels(),
                # Of several default classes the newest counts (Kubernetes 1.26 and later).
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner=driver,
            parameters=parameters,
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"block": BLOCK})
