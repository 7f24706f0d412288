"""The rehearsal's Azure provider: checks resources with the models of azure-mgmt-*; calls nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from rehearsal.contracts.azure import BINDINGS
from rehearsal.contracts.binding import Violation
from rehearsal.contracts.rules import strings
from rehearsal.providers.cloud import CloudProvider, Function
from rehearsal.providers.install import sdk_version
from rehearsal.providers.outputs import Facts, digest, kubeconfig
from rehearsal.providers.outputs_azure import OUTPUTS, SUBSCRIPTION, TENANT
from rehearsal.providers.plugin import UNKNOWN, Props, contains_unknown, is_list, is_map, serve

_GROUP = "azure-native:resources:ResourceGroup"
_NETWORK, _SUBNET = "azure-native:network:VirtualNetwork", "azure-native:network:Subnet"
_CLUSTER = "azure-native:containerservice:ManagedCluster"


class AzureProvider(CloudProvider):
    """Azure in one subscription that does not exist."""

    bindings = BINDINGS
    rules = OUTPUTS
    separator = ""

    def __init__(self) -> None:
        super().__init__()
        self.owner = SUBSCRIPTION
        self._tenant = TENANT
        self._locations: dict[str, str] = {}
        self._servers: dict[str, str] = {}

    def configure(self, config: Props) -> None:
        environment = os.environ.get("ARM_SUBSCRIPTION_ID")
        self.owner = str(config.get("subscriptionId") or environment or SUBSCRIPTION)
        self._tenant = str(config.get("tenantId") or TENANT)
        self.region = str(config.get("location") or "")

    def facts(self, urn: str, inputs: Props) -> Facts:
        group = str(inputs.get("resourceGroupName"))
        location = str(inputs.get("location") or self._locations.get(group) or self.region)
        return Facts(urn, inputs, location, self.owner)

    def cross_check(self, type_: str, urn: str, inputs: Props) -> Iterator[Violation]:
        if type_ == _GROUP and isinstance(inputs.get("location"), str):
            self._locations[str(inputs.get("resourceGroupName"))] = str(inputs["location"])
        elif type_ == _CLUSTER:
            # Noted at every check, so that a run that only looks gives the same credentials as the one that created.
            answer = self.rules[type_](self.facts(urn, inputs))[1]
            self._servers[str(inputs.get("resourceName"))] = f"https://{answer['fqdn']}:443"
        elif type_ == _NETWORK:
            blocks = [text for _, text in strings(inputs, "addressSpace.addressPrefixes")]
            self.addresses.add_network(str(inputs.get("virtualNetworkName")), blocks)
        elif type_ == _SUBNET:
            network = inputs.get("virtualNetworkName")
            key = network if isinstance(network, str) else None
            block = inputs.get("addressPrefix")
            if isinstance(block, str):
                yield from self.addresses.subnet(key, urn, ("addressPrefix",), block)
            for index, text in strings(inputs, "addressPrefixes"):
                yield from self.addresses.subnet(key, urn, ("addressPrefixes", index), text, part=str(index))

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        id_, outputs = super().create_resource(type_, urn, inputs, preview)
        return id_, _as_returned(outputs)

    def update_resource(
        self, type_: str, urn: str, id_: str, inputs: Props, old_inputs: Props, old_outputs: Props, preview: bool
    ) -> Props:
        return _as_returned(super().update_resource(type_, urn, id_, inputs, old_inputs, old_outputs, preview))

    def functions(self) -> Mapping[str, Function]:
        return {
            "azure-native:authorization:getClientConfig": self._client_config,
            "azure-native:authorization:getClientToken": self._client_token,
            "azure-native:containerservice:listManagedClusterUserCredentials": self._user_credentials,
            "azure-native:containerservice:listManagedClusterAdminCredentials": self._admin_credentials,
        }

    def _client_config(self, _args: Props) -> Props:
        own = {"clientId": _guid(self.owner + "client"), "objectId": _guid(self.owner + "object")}
        return {**own, "subscriptionId": self.owner, "tenantId": self._tenant}

    def _client_token(self, _args: Props) -> Props:
        return {"token": f"rehearsal-{digest(self.owner, 24)}"}

    def _user_credentials(self, args: Props) -> Props:
        return self._credentials(args, "clusterUser")

    def _admin_credentials(self, args: Props) -> Props:
        return self._credentials(args, "clusterAdmin")

    def _credentials(self, args: Props, name: str) -> Props:
        cluster = str(args.get("resourceName"))
        # A cluster that this run did not touch has no name server here; the same name gives the same answer.
        server = self._servers.get(cluster, f"https://{cluster}-{digest(cluster, 8)}.hcp.{self.region}.azmk8s.io:443")
        return {"kubeconfigs": [{"name": name, "value": kubeconfig(cluster, server, cluster)}]}


def _as_returned(outputs: Props) -> Props:
    """Identities go in as a list of ids and come back as a map by id."""
    identity = outputs.get("identity")
    ids = identity.get("userAssignedIdentities") if is_map(identity) else None
    if not is_map(identity) or not is_list(ids):
        return outputs
    known = {id_: {"clientId": _guid(f"{id_}client"), "principalId": _guid(f"{id_}principal")} for id_ in ids}
    answer = UNKNOWN if contains_unknown(ids) else known
    return {**outputs, "identity": {**identity, "userAssignedIdentities": answer}}


def _guid(salt: str) -> str:
    text = digest(salt, 32)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


if __name__ == "__main__":
    serve(AzureProvider(), "azure-native", sdk_version("pulumi-azure-native"))
