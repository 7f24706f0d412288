"""Which party may own the NVIDIA driver on which provider."""

from collections.abc import Mapping

from components.settings.sections import DriverOwner

_ALLOWED: Mapping[str, Mapping[DriverOwner, str]] = {
    "eks": {
        DriverOwner.IMAGE: "the AL2023 NVIDIA node image brings driver and toolkit, and the operator has no driver"
        " container for Amazon Linux",
    },
    "gke": {
        DriverOwner.CLOUD: "Google's installer brings the driver, and the operator has no driver container for"
        " Container-Optimized OS",
    },
    "aks": {
        DriverOwner.OPERATOR: "the pool then skips Azure's driver and the operator brings driver and toolkit",
        DriverOwner.CLOUD: "Azure's node image then brings both and the operator leaves them alone",
    },
    "existing": {
        DriverOwner.IMAGE: "the nodes then have driver and toolkit already",
        DriverOwner.OPERATOR: "the operator then brings both",
    },
}
"""Provider -> owner -> why. The first is the default.

Sources: NVIDIA cloud-native-docs, gpu-operator pages for EKS, GKE and AKS; AKS documentation on GPU node pools
(a pool's driver is either installed by AKS or skipped, and cannot be changed later).
"""


def allowed_drivers(provider: str) -> Mapping[DriverOwner, str]:
    """Owners that `provider` can have, each with the reason; the first is the default."""
    return _ALLOWED[provider]


def driver_owner(provider: str, chosen: DriverOwner | None) -> DriverOwner:
    """The owner in force: the chosen one, else the provider's default."""
    return chosen or next(iter(_ALLOWED[provider]))
