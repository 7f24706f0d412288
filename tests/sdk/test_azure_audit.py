"""An AKS stack with an audit stream: how the control plane's log comes to the collector."""

from functools import cache
from typing import Any

import pulumi
import yaml

from components.cluster.aks_make import make_aks
from components.eventing.make import make_events
from components.gpu.drivers import driver_plan
from components.settings import Settings
from components.settings.cluster import AksCluster
from components.settings.drivers import driver_owner
from components.trust.audit.make import make_audit
from rehearsal.contracts.azure import BINDINGS
from rehearsal.contracts.check import check, text
from tests.components.recorder import Graph, build
from tests.sdk import test_aks
from tests.stack_files import settings

NAMESPACE, RULES = "azure-native:eventhub:Namespace", "azure-native:eventhub:NamespaceNetworkRuleSet"
HUB, KEY = "azure-native:eventhub:EventHub", "azure-native:eventhub:NamespaceAuthorizationRule"
SETTING, GRANT = "azure-native:monitor:DiagnosticSetting", "azure-native:authorization:RoleAssignment"
TRUST = "azure-native:managedidentity:FederatedIdentityCredential"
ENDPOINT, ZONE = "azure-native:network:PrivateEndpoint", "azure-native:privatedns:PrivateZone"
ACCOUNT, DEPLOYMENT = "kubernetes:core/v1:ServiceAccount", "kubernetes:apps/v1:Deployment"
POLICY, CONFIG = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:core/v1:ConfigMap"
GUID = "00000000-0000-4000-8000-0000000000bb"
ANSWERS: dict[str, dict[str, Any]] = {
    **test_aks.ANSWERS,
    "azure-native:managedidentity:UserAssignedIdentity": {"principalId": GUID, "clientId": "client", "tenantId": "t"},
    test_aks.ENCRYPTION: {"identity": {"principalId": GUID}},
    "azure-native:storage:StorageAccount": {"name": "st1"},
    NAMESPACE: {"name": "acme-4f1"},
    HUB: {"name": "audit-log"},
}
CLUSTER = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": [test_aks.GROUP],
    "gpuPools": {"h100": {"machine": "Standard_NC40ads_H100_v5", "maxNodes": 2}},
    "deletionProtection": True,
}


def made(**changes: Any) -> Graph:
    """Cluster, Kafka and the audit stream."""
    stack: Settings = settings(cluster=CLUSTER, tenants={}, **changes)
    cluster = stack.cluster
    assert isinstance(cluster, AksCluster)

    def program() -> pulumi.Resource:
        parent = pulumi.ComponentResource("multimodal:index:Platform", "p")
        foundation = make_aks("p", stack, cluster, driver_plan("aks", driver_owner("aks", stack.gpu.driver)), parent)
        opts = pulumi.ResourceOptions(parent=parent)
        certificates = pulumi.ComponentResource("multimodal:index:CertManager", "p-certificates", opts=opts)
        if (events := make_events("p", stack, foundation, certificates, {}, opts)) is not None:
            make_audit("p", stack, foundation, events[0], {}, opts)
        return parent

    return build(ANSWERS, program, read_outputs=())


@cache
def audited() -> Graph:
    return made(events={"audit": {"changesPerSecond": 50}, "storageGib": 2000})


def collector() -> Any:
    return audited().one(DEPLOYMENT, "p-audit-collector")


def test_an_unaudited_stack_has_no_event_hub() -> None:
    assert {found.type for found in made().resources}.isdisjoint({NAMESPACE, RULES, HUB, KEY})
    assert len(made().all(SETTING)) == 1


def test_changes_go_to_a_hub_that_keeps_them_for_a_week() -> None:
    setting = audited().one(SETTING, "p-cluster-audit").inputs
    assert setting["resourceUri"] == "p-cluster-id"
    assert [log["category"] for log in setting["logs"]] == ["kube-audit-admin"]
    assert setting["eventHubName"] == audited().one(HUB).inputs["eventHubName"] == "audit-log"
    hub = audited().one(HUB).inputs
    assert (hub["namespaceName"], hub["messageRetentionInDays"], hub["partitionCount"]) == ("acme-4f1", 7, 32)
    assert audited().one(NAMESPACE).inputs["sku"] == {"name": "Standard", "tier": "Standard", "capacity": 2}


def test_the_log_stays_in_the_workspace_too() -> None:
    assert "workspaceId" in audited().one(SETTING, "p-cluster-logs").inputs


def test_azure_writes_by_a_rule_whose_key_nobody_is_given() -> None:
    rule = audited().one(KEY)
    assert audited().one(SETTING, "p-cluster-audit").inputs["eventHubAuthorizationRuleId"] == f"{rule.name}-id"
    assert set(rule.inputs["rights"]) == {"Manage", "Send", "Listen"}
    names = [variable["name"] for variable in collector().inputs["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert names == ["AUDIT_HOST"]


def test_only_azures_own_services_and_private_endpoints_reach_the_namespace() -> None:
    namespace, rules = audited().one(NAMESPACE).inputs, audited().one(RULES)
    assert (namespace["publicNetworkAccess"], namespace["minimumTlsVersion"]) == ("Disabled", "1.2")
    assert rules.inputs["publicNetworkAccess"] == "Disabled"
    assert (rules.inputs["defaultAction"], rules.inputs["trustedServiceAccessEnabled"]) == ("Deny", True)
    assert rules.urn in audited().one(SETTING, "p-cluster-audit").needs
    endpoint = audited().one(ENDPOINT, "p-audit-feed-namespace").inputs
    (connection,) = endpoint["privateLinkServiceConnections"]
    assert (connection["privateLinkServiceId"], connection["groupIds"]) == ("p-cluster-audit-id", ["namespace"])
    zone = audited().one(ZONE, "p-audit-feed-namespace").inputs
    assert zone["privateZoneName"] == "privatelink.servicebus.windows.net"


def test_the_collector_may_read_the_hubs_namespace_as_itself_and_nothing_more() -> None:
    trust = audited().one(TRUST, "p-audit-feed-reader").inputs
    assert (trust["issuer"], trust["subject"]) == ("https://issuer/", "system:serviceaccount:audit:collector")
    grants = [found for found in audited().all(GRANT) if found.name.startswith("p-audit-feed")]
    assert [found.inputs["scope"] for found in grants] == [f"{audited().one(NAMESPACE).name}-id"]
    assert grants[0].inputs["roleDefinitionId"].endswith("/a638d3c7-ab3a-418d-83e6-5f17a39d4fde")
    account = audited().one(ACCOUNT, "p-audit-collector-account").inputs
    assert account["metadata"]["annotations"] == {"azure.workload.identity/client-id": "client"}
    labels = collector().inputs["spec"]["template"]["metadata"]["labels"]
    assert labels["azure.workload.identity/use"] == "true"


def test_the_collector_starts_when_all_of_it_is_there() -> None:
    wanted = [audited().one(SETTING, "p-cluster-audit"), audited().one(TRUST, "p-audit-feed-reader")]
    wanted.append(audited().one(GRANT, "p-audit-feed-reader"))
    wanted.append(audited().one("azure-native:network:PrivateDnsZoneGroup", "p-audit-feed-namespace"))
    assert {found.urn for found in wanted} <= collector().needs


def test_the_collector_is_let_out_to_the_hub_and_to_entra_id() -> None:
    policies = [found.inputs["spec"] for found in audited().all(POLICY) if found.inputs["metadata"]["name"] == "log"]
    (ports,) = [rule["ports"] for spec in policies for rule in spec["egress"]]
    assert ports == [{"protocol": "TCP", "port": 9093}]
    stores = audited().one(POLICY, "p-audit-stores").inputs["spec"]["egress"]
    assert {"protocol": "TCP", "port": 443} in stores[0]["ports"]


def test_the_configuration_names_no_address_and_no_secret() -> None:
    text_ = audited().one(CONFIG, "p-audit-collector-config").inputs["data"]["bento.yaml"]
    log, _ = yaml.safe_load(text_)["input"]["broker"]["inputs"]
    assert (log["kafka"]["addresses"], log["kafka"]["topics"]) == (["${AUDIT_HOST}:9093"], ["audit-log"])
    assert "acme-4f1" not in text_
    (host,) = collector().inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    assert host["value"] == "acme-4f1.servicebus.windows.net"


def test_the_clusters_lock_covers_the_setting_and_so_goes_first() -> None:
    lock = audited().one("azure-native:authorization:ManagementLockByScope")
    assert audited().one(SETTING, "p-cluster-audit").urn in lock.needs


def test_azure_takes_all_of_it() -> None:
    for found in audited().resources:
        if found.type in BINDINGS:
            problems = [text(BINDINGS[found.type], one) for one in check(BINDINGS[found.type], found.inputs)]
            assert problems == [], found.name
