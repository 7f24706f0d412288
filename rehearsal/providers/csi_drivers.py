"""Which CSI drivers a cloud resource brings into its cluster.

Sources: EKS user guide, "Amazon EKS add-ons"; container API, AddonsConfig (the disk driver is on unless turned off);
AKS documentation, "CSI storage drivers" (both are on unless turned off).
"""

from rehearsal.contracts.rules import known
from rehearsal.providers.node_pools import AKS_CLUSTER
from rehearsal.providers.plugin_values import Props

EKS_ADDON = "aws:eks/addon:Addon"
GKE_CLUSTER = "gcp:container/cluster:Cluster"
_EKS_ADDONS = {"aws-ebs-csi-driver": "ebs.csi.aws.com", "aws-efs-csi-driver": "efs.csi.aws.com"}
_GKE_ADDONS = {
    "pd.csi.storage.gke.io": ("gcePersistentDiskCsiDriverConfig", True),
    "filestore.csi.storage.gke.io": ("gcpFilestoreCsiDriverConfig", False),
}
_AKS_PROFILES = {"disk.csi.azure.com": "diskCSIDriver", "file.csi.azure.com": "fileCSIDriver"}


def csi_drivers(token: str, inputs: Props) -> list[str]:
    """Names of the drivers, as storage classes and volumes call them."""
    if token == EKS_ADDON:
        driver = _EKS_ADDONS.get(str(known(inputs, "addonName")))
        return [driver] if driver else []
    if token == GKE_CLUSTER:
        return [
            driver
            for driver, (addon, default) in _GKE_ADDONS.items()
            if _on(known(inputs, f"addonsConfig.{addon}.enabled"), default)
        ]
    if token == AKS_CLUSTER:
        return [
            driver
            for driver, profile in _AKS_PROFILES.items()
            if _on(known(inputs, f"storageProfile.{profile}.enabled"), True)
        ]
    return []


def _on(setting: object, default: bool) -> bool:
    return default if setting is None else bool(setting)
