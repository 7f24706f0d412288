"""The rehearsal's Google Cloud provider: checks resources with Google's discovery documents; calls nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import ClassVar

from components.catalog.versions import KUBERNETES_DEFAULT, KUBERNETES_SUPPORTED
from rehearsal.contracts.binding import Violation
from rehearsal.contracts.gcp import BINDINGS
from rehearsal.contracts.rules import items
from rehearsal.providers.cloud import CloudProvider, Function
from rehearsal.providers.install import sdk_version
from rehearsal.providers.node_pools import google_zones
from rehearsal.providers.outputs import Facts, digest
from rehearsal.providers.outputs_gcp import FILE_SERVER_ADDRESS, OUTPUTS, PROJECT_NUMBER
from rehearsal.providers.plugin import UNKNOWN, Props, serve

_SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
_FILE_SERVER = "gcp:filestore/instance:Instance"
# Types that live in no project of their own: what they belong to is in another property.
_PROJECTLESS = ("gcp:kms/cryptoKey", "gcp:serviceaccount/iAM")


class GcpProvider(CloudProvider):
    """Google Cloud in one project that does not exist."""

    bindings = BINDINGS
    rules = OUTPUTS
    protectable: ClassVar[Mapping[str, tuple[str, bool]]] = {
        # The provider, not the API, keeps this one, and it is on unless it is switched off.
        "gcp:container/cluster:Cluster": ("deletionProtection", True),
        "gcp:filestore/instance:Instance": ("deletionProtectionEnabled", False),
    }
    stores = frozenset({"gcp:storage/bucket:Bucket"})

    def __init__(self) -> None:
        super().__init__()
        self._zone = ""

    def configure(self, config: Props) -> None:
        environment = os.environ.get("GOOGLE_PROJECT") or os.environ.get("GOOGLE_CLOUD_PROJECT") or ""
        self.owner = str(config.get("project") or environment)
        self._zone = str(config.get("zone") or "")
        self.region = str(config.get("region") or self._zone.rpartition("-")[0])

    def cross_check(self, type_: str, urn: str, inputs: Props) -> Iterator[Violation]:
        placed = self.owner or inputs.get("project") or inputs.get("project") is UNKNOWN
        if not placed and not type_.startswith(_PROJECTLESS):
            yield Violation(("project",), "missing: set it here or as gcp:project", verdict="needs it")
        if type_ == _SUBNETWORK:
            network = inputs.get("network")
            # Ranges of one network must not overlap, whatever their region.
            key = network if isinstance(network, str) else "the network of this stack"
            block = inputs.get("ipCidrRange")
            if isinstance(block, str):
                yield from self.addresses.subnet(key, urn, ("ipCidrRange",), block)
            for index, entry in items(inputs, "secondaryIpRanges"):
                block = entry.get("ipCidrRange")
                if isinstance(block, str):
                    path = ("secondaryIpRanges", index, "ipCidrRange")
                    yield from self.addresses.subnet(key, urn, path, block, part=str(index))

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        id_, outputs = super().create_resource(type_, urn, inputs, preview)
        return id_, _addressed(type_, outputs, preview=preview)

    def update_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, old_inputs: Props, old_outputs: Props, preview: bool
    ) -> Props:
        outputs = super().update_resource(type_, urn, id_, inputs, old_inputs, old_outputs, preview)
        return _addressed(type_, outputs, preview=False)

    def facts(self, urn: str, inputs: Props) -> Facts:
        return Facts(urn, inputs, str(inputs.get("region") or self.region or _region(inputs)), self.owner)

    def functions(self) -> Mapping[str, Function]:
        return {
            "gcp:compute/getZones:getZones": self._zones,
            "gcp:container/getEngineVersions:getEngineVersions": self._engine_versions,
            "gcp:organizations/getClientConfig:getClientConfig": self._client_config,
            "gcp:organizations/getProject:getProject": self._project,
            "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": self._storage_agent,
        }

    def _zones(self, args: Props) -> Props:
        region = str(args.get("region") or self.region)
        names = google_zones(region, [])[1]
        return {**args, "names": names, "id": f"projects/{self.owner}/regions/{region}", "region": region}

    def _engine_versions(self, args: Props) -> Props:
        prefix = str(args.get("versionPrefix") or "")
        # Patch and build numbers change weekly and cannot be known here: what counts is which minors there are.
        versions = [f"{minor}.0-gke.1" for minor in reversed(KUBERNETES_SUPPORTED) if f"{minor}.".startswith(prefix)]
        default = f"{KUBERNETES_DEFAULT}.0-gke.1"
        latest = versions[0] if versions else ""
        return {
            **args,
            "id": str(args.get("location") or self.region),
            "project": args.get("project") or self.owner,
            "validMasterVersions": versions,
            "validNodeVersions": versions,
            "latestMasterVersion": latest,
            "latestNodeVersion": latest,
            "defaultClusterVersion": default,
            "releaseChannelDefaultVersion": dict.fromkeys(("RAPID", "REGULAR", "STABLE", "EXTENDED"), default),
            "releaseChannelLatestVersion": dict.fromkeys(("RAPID", "REGULAR", "STABLE", "EXTENDED"), latest),
        }

    def _client_config(self, args: Props) -> Props:
        token = f"rehearsal-{digest(self.owner, 24)}"
        own: Props = {"project": self.owner, "region": self.region, "zone": self._zone, "accessToken": token}
        return {**args, **own, "id": self.owner, "defaultLabels": {}}

    def _project(self, args: Props) -> Props:
        name = str(args.get("projectId") or self.owner)
        return {
            **args,
            "projectId": name,
            "name": name,
            "number": PROJECT_NUMBER,
            "id": f"projects/{name}",
            "labels": {},
        }

    def _storage_agent(self, args: Props) -> Props:
        email = f"service-{PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
        project = str(args.get("project") or self.owner)
        return {**args, "project": project, "id": email, "emailAddress": email, "member": f"serviceAccount:{email}"}


def _addressed(type_: str, outputs: Props, *, preview: bool) -> Props:
    """A file server's networks with the address that the API adds to what the program says of them."""
    if type_ != _FILE_SERVER:
        return outputs
    address = UNKNOWN if preview else [FILE_SERVER_ADDRESS]
    return {**outputs, "networks": [{**entry, "ipAddresses": address} for _, entry in items(outputs, "networks")]}


def _region(inputs: Props) -> str:
    """The region in the link of a subnetwork or router that the inputs name."""
    for key in ("subnetwork", "router"):
        parts = str(inputs.get(key) or "").split("/regions/")
        if len(parts) > 1:
            return parts[1].partition("/")[0]
    return ""


if __name__ == "__main__":
    serve(GcpProvider(), "gcp", sdk_version("pulumi-gcp"))
