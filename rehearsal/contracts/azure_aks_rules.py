"""What AKS checks and its models do not say.

Sources: AKS documentation, "Create node pools", "Use GPUs", "Multi-instance GPU", "Use Spot node pools", "Configure
Azure CNI Overlay", "Workload identity", and the REST reference of managed clusters and agent pools.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from components.catalog.accelerators import ACCELERATORS
from components.catalog.machines import Cloud, machines
from components.catalog.mig import profiles
from rehearsal.contracts.azure_pool_rules import channels, pool_placement
from rehearsal.contracts.binding import Inputs, Violation
from rehearsal.contracts.rules import given, items, known, parse_network, strings
from rehearsal.providers.plugin_values import UNKNOWN, Path, is_map

_TAINT = re.compile(r"([\w.-]+/)?[\w.-]+(=[\w.-]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")
_SPOT_ONLY = ("scaleSetEvictionPolicy", "spotMaxPrice")


def cluster(inputs: Inputs) -> Iterator[Violation]:
    """One DNS name, a system pool, an identity, coherent networks, OIDC under workload identity."""
    if not given(inputs, "dnsPrefix") and not given(inputs, "fqdnSubdomain"):
        # Pulumi's provider derives one from nothing: the API asks for it.
        yield Violation(("dnsPrefix",), "missing", verdict="needs it")
    if not given(inputs, "identity") and not given(inputs, "servicePrincipalProfile"):
        yield Violation(("identity",), "missing: a cluster acts as a managed identity", verdict="needs it")
    yield from _pools(inputs)
    yield from _networks(inputs)
    if known(inputs, "apiServerAccessProfile.enablePrivateCluster") is True and strings(
        inputs, "apiServerAccessProfile.authorizedIPRanges"
    ):
        where = ("apiServerAccessProfile", "authorizedIPRanges")
        yield Violation(where, "cannot be given for a private cluster", known(inputs, ".".join(where)))
    issuer = known(inputs, "oidcIssuerProfile.enabled") is True or _unknown(inputs, "oidcIssuerProfile")
    if known(inputs, "securityProfile.workloadIdentity.enabled") is True and not issuer:
        where = ("oidcIssuerProfile", "enabled")
        yield Violation(where, "must be true when securityProfile.workloadIdentity is enabled", False)
    encrypted = known(inputs, "securityProfile.azureKeyVaultKms.enabled") is True
    if encrypted and not given(inputs, "securityProfile.azureKeyVaultKms.keyId"):
        yield Violation(("securityProfile", "azureKeyVaultKms", "keyId"), "missing", verdict="needs it")
    yield from channels(inputs)
    version = known(inputs, "kubernetesVersion")
    if isinstance(version, str) and not re.fullmatch(r"1\.\d\d(\.\d+)?", version):
        yield Violation(("kubernetesVersion",), "must be a Kubernetes version such as 1.34 or 1.34.1", version)


def _pools(inputs: Inputs) -> Iterator[Violation]:
    pools = list(items(inputs, "agentPoolProfiles"))
    if not pools and inputs.get("agentPoolProfiles") is not UNKNOWN:
        yield Violation(("agentPoolProfiles",), "missing: a cluster starts with a system pool", verdict="needs it")
    if pools and not any(pool.get("mode") in ("System", UNKNOWN) for _, pool in pools):
        yield Violation(("agentPoolProfiles",), "must have a pool whose mode is System")
    names: set[Any] = set()
    for index, pool in pools:
        if pool.get("name") in names:
            yield Violation(("agentPoolProfiles", index, "name"), "is used twice", pool.get("name"))
        names.add(pool.get("name"))
        yield from agent_pool(pool, ("agentPoolProfiles", index), "name")


def _networks(inputs: Inputs) -> Iterator[Violation]:
    profile = known(inputs, "networkProfile")
    if not is_map(profile):
        return
    if known(inputs, "networkProfile.networkPluginMode") == "overlay":
        if known(inputs, "networkProfile.networkPlugin") != "azure":
            value = known(inputs, "networkProfile.networkPluginMode")
            yield Violation(("networkProfile", "networkPluginMode"), "needs networkPlugin azure", value)
    elif known(inputs, "networkProfile.networkPlugin") == "azure" and given(inputs, "networkProfile.podCidr"):
        value = known(inputs, "networkProfile.podCidr")
        yield Violation(("networkProfile", "podCidr"), "needs networkPluginMode overlay", value)
    dataplane, policy = known(inputs, "networkProfile.networkDataplane"), known(inputs, "networkProfile.networkPolicy")
    if (dataplane == "cilium") != (policy == "cilium") and policy is not None:
        yield Violation(
            ("networkProfile", "networkPolicy"), f"does not go with networkDataplane {dataplane or 'azure'}", policy
        )
    ranges: dict[str, Any] = {}
    for name in ("serviceCidr", "podCidr"):
        text = known(inputs, f"networkProfile.{name}")
        network = parse_network(text) if isinstance(text, str) else None
        if network is not None and not isinstance(network, str):
            ranges[name] = network
    if len(ranges) == 2 and ranges["serviceCidr"].overlaps(ranges["podCidr"]):
        problem = f"overlaps podCidr {ranges['podCidr']}"
        yield Violation(("networkProfile", "serviceCidr"), problem, str(ranges["serviceCidr"]))
    yield from _dns_service(known(inputs, "networkProfile.dnsServiceIP"), ranges.get("serviceCidr"))


def _dns_service(address: Any, services: Any) -> Iterator[Violation]:
    if not isinstance(address, str):
        return
    where: Path = ("networkProfile", "dnsServiceIP")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        yield Violation(where, "is not an IP address", address)
        return
    if services is None:
        return
    if parsed not in services or parsed in (services[0], services[1]):
        yield Violation(where, f"must lie in serviceCidr {services} and not be its first address", address)


def agent_pool(inputs: Inputs, path: Path = (), name_property: str = "agentPoolName") -> Iterator[Violation]:
    """Name, size, scaling, spot and GPU settings of a pool that go together."""
    name = known(inputs, name_property)
    limit = 5 if known(inputs, "osType") == "Windows" else 11
    if isinstance(name, str) and not re.fullmatch(rf"[a-z][a-z0-9]{{0,{limit}}}", name):
        problem = f"must be 1-{limit + 1} lowercase letters and digits, beginning with a letter"
        yield Violation((*path, name_property), problem, name)
    yield from _scaling(inputs, path)
    spot = known(inputs, "scaleSetPriority") == "Spot"
    if spot and known(inputs, "mode") == "System":
        yield Violation((*path, "scaleSetPriority"), "a system pool cannot be Spot", "Spot")
    for prop in _SPOT_ONLY:
        if given(inputs, prop) and not spot and inputs.get("scaleSetPriority") is not UNKNOWN:
            yield Violation((*path, prop), "needs scaleSetPriority Spot", known(inputs, prop))
    price = known(inputs, "spotMaxPrice")
    if isinstance(price, (int, float)) and price <= 0 and price != -1:
        yield Violation((*path, "spotMaxPrice"), "must be above 0, or -1 for the on-demand price", price)
    for index, taint in strings(inputs, "nodeTaints"):
        if not _TAINT.fullmatch(taint):
            yield Violation((*path, "nodeTaints", index), "must be key=value:effect with a Kubernetes effect", taint)
    labels = known(inputs, "nodeLabels")
    named: dict[str, Any] = labels if is_map(labels) else {}
    for key in named:
        if key.startswith("kubernetes.azure.com/"):
            yield Violation((*path, "nodeLabels", key), "is a label prefix that AKS keeps for itself", named[key])
    yield from _machine(inputs, path)
    yield from pool_placement(inputs, path)


def _scaling(inputs: Inputs, path: Path) -> Iterator[Violation]:
    sizes = {prop: known(inputs, prop) for prop in ("minCount", "count", "maxCount")}
    low, wanted, high = (value if isinstance(value, int) else None for value in sizes.values())
    system = known(inputs, "mode") == "System"
    if known(inputs, "enableAutoScaling") is True:
        for prop in ("minCount", "maxCount"):
            if not given(inputs, prop):
                yield Violation((*path, prop), "missing when enableAutoScaling is true", verdict="needs it")
        if low is not None and high is not None and low > high:
            yield Violation((*path, "minCount"), f"must not be above maxCount {high}", low)
        elif wanted is not None and not (low or 0) <= wanted <= (high if high is not None else wanted):
            yield Violation((*path, "count"), f"must be from minCount {low} to maxCount {high}", wanted)
        if system and low is not None and low < 1:
            yield Violation((*path, "minCount"), "must be at least 1 for a system pool", low)
    elif inputs.get("enableAutoScaling") is not UNKNOWN:
        for prop in ("minCount", "maxCount"):
            if sizes[prop] is not None:
                yield Violation((*path, prop), "needs enableAutoScaling true", sizes[prop])
    for prop, value in sizes.items():
        if isinstance(value, int) and not 0 <= value <= 1000:
            yield Violation((*path, prop), "must be from 0 to 1000", value)
    if system and wanted is not None and wanted < 1:
        yield Violation((*path, "count"), "must be at least 1 for a system pool", wanted)


def _machine(inputs: Inputs, path: Path) -> Iterator[Violation]:
    size = known(inputs, "vmSize")
    if not isinstance(size, str):
        return
    known_sizes = {entry.name.casefold(): entry for entry in machines(Cloud.AZURE)}
    found = known_sizes.get(size.casefold())
    if not re.fullmatch(r"(Standard|Basic)_\w+", size):
        yield Violation((*path, "vmSize"), "must be a VM size such as Standard_D4s_v5", size)
    elif found is None and re.match(r"Standard_N[CD]", size):
        gpu_sizes = [entry.name for entry in machines(Cloud.AZURE, gpus=True)]
        close = difflib.get_close_matches(size, gpu_sizes, n=3, cutoff=0.6) or gpu_sizes
        problem = f"is not among the GPU sizes of the catalogue; close to it: {', '.join(close)}"
        yield Violation((*path, "vmSize"), problem, size, verdict="would most likely refuse it")
    gpus = found.gpus if found else None
    partition = known(inputs, "gpuInstanceProfile")
    for prop in ("gpuInstanceProfile", "gpuProfile"):
        if given(inputs, prop) and (gpus == 0 or (found is None and not size.startswith("Standard_N"))):
            yield Violation((*path, prop), f"vmSize {size} has no GPUs", known(inputs, prop))
            return
    if isinstance(partition, str) and found and found.accelerator:
        sizes = {name.split(".")[0] for name in profiles(found.accelerator)}
        wanted = partition.removeprefix("MIG").lower()
        if not sizes:
            model = ACCELERATORS[found.accelerator].product
            yield Violation((*path, "gpuInstanceProfile"), f"{model} in {size} cannot be partitioned", partition)
        elif wanted not in sizes:
            allowed = ", ".join(f"MIG{name}" for name in sorted(sizes))
            yield Violation((*path, "gpuInstanceProfile"), f"not one of {allowed} of {size}", partition)


def _unknown(inputs: Inputs, prop: str) -> bool:
    value = inputs.get(prop)
    return value is UNKNOWN or (is_map(value) and UNKNOWN in value.values())
