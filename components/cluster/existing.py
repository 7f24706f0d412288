"""A cluster that someone else made."""

from typing import Any, TypedDict, cast

import pulumi

from components.cluster.kubeconfig import kubeconfig_path, read_kubeconfig


class ExistingClusterArgs(TypedDict):
    """Where to find the cluster."""

    kubeconfig: str | None
    """Path of the kubeconfig file; None: `$KUBECONFIG`, else `~/.kube/config`."""

    context: str | None
    """Context in it; None: its current one."""


class ExistingCluster(pulumi.ComponentResource):
    """A cluster reached through a kubeconfig. It makes nothing and, on destroy, removes nothing.

    Of the file only the chosen context is taken, and kept as a secret, since it may hold a token. Raises
    `KubeconfigError` for a file or context that is not there.
    """

    kubeconfig: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    identifier: pulumi.Output[str]
    workload_identity: pulumi.Output[str]

    def __init__(self, name: str, args: ExistingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        found = read_kubeconfig(kubeconfig_path(args["kubeconfig"]), args["context"])
        super().__init__("multimodal:index:ExistingCluster", name, cast("dict[str, Any]", dict(args)), opts)
        self.kubeconfig = pulumi.Output.secret(found.text)
        self.cluster_name = pulumi.Output.from_input(found.cluster)
        # A name, and neither path nor text: the same cluster may be reached from another machine, with a new token.
        self.identifier = pulumi.Output.from_input(found.context)
        self.workload_identity = pulumi.Output.from_input("")
        self.register_outputs(
            {
                "kubeconfig": self.kubeconfig,
                "cluster_name": self.cluster_name,
                "identifier": self.identifier,
                "workload_identity": self.workload_identity,
            }
        )
