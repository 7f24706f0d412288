"""Settings of model serving: the platform's part."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from components.settings.model import Model, Name, PositiveCount
from components.settings.network import Cidr
from components.settings.serving import Mode


class ModelMesh(Model):
    """ModelMesh for tenants with sets of that backend. Archived by its makers: nothing new should start with it."""

    etcd_gib: Annotated[int, Field(ge=1, le=8)] = 2
    """GiB of the volume of a tenant's registry of models. etcd itself stops at 2 GiB of data."""

    api_server: tuple[Cidr, ...] = ()
    """Where its controller, in the tenant's closed network, reaches the Kubernetes API. Empty: the cluster's own
    network or control plane range, and the private ranges on an existing cluster."""


class ModelCache(Model):
    """Weights of models on the local disks of GPU nodes, so that a replica does not download them. EKS only."""

    size_gib: PositiveCount | None = None
    """GiB of weights that one node may keep. Default: half of its machine's local disks."""


class Serving(Model):
    """KServe, with cert-manager and a gateway. The section being there installs them."""

    domain: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] = "models.internal"
    """Domain of the models' addresses: <model>-<tenant>.<domain>. Names below it lead to the gateway's load balancer in
    your DNS; it has addresses of the cluster's network only."""

    issuer: Name | None = None
    """ClusterIssuer of yours that signs the gateway's certificate. None: the platform's own authority, which clients
    then have to trust. Make yours once cert-manager is there; the gateway waits for it, the update does not."""

    mode: Mode = Mode.STANDARD
    """What runs models and ensembles that do not say it themselves; sets of adapters are always in standard mode."""

    cache: ModelCache | None = None
    """None (the default): every replica downloads its weights."""

    modelmesh: ModelMesh | None = None
    """None (the default): no ModelMesh."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the kserve-resources chart."""

    gateway_values: dict[str, Any] = Field(default_factory=dict)
    """Further values of Envoy Gateway's chart."""

    cert_manager_values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the cert-manager chart."""
