"""An ensemble: its model repository, and what serves it."""

from collections.abc import Callable

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.order import after
from components.serving.model import ModelArgs, serve
from components.serving.routes import address
from components.serving.triton.repository import config_map, repository
from components.settings.checks_ensembles import read_code
from components.settings.cluster import Cluster
from components.settings.ensembles import Ensemble as EnsembleSettings


class EnsembleArgs(ModelArgs):
    """What an ensemble is made of: the same as a model."""


class Ensemble(pulumi.ComponentResource):
    """Steps in one Triton server that answer as one model. Does not wait until it serves."""

    address: str
    """Host name under which it answers; the model's name in requests is the ensemble's."""

    def __init__(
        self,
        name: str,
        args: EnsembleArgs,
        cluster: Cluster,
        locate: Callable[[str], pulumi.Input[str]] = str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`cluster` says where pods may run, `locate` where a source of the stack file is."""
        super().__init__("multimodal:index:Ensemble", name, dict(args), opts)
        tenant, key = args["tenant"], args["model"]
        ensemble = EnsembleSettings.model_validate(args["settings"])
        code = {step: read_code(one.code) for step, one in ensemble.steps.items() if one.code is not None}
        files = repository(key, ensemble, code)
        child = pulumi.ResourceOptions(parent=self)
        carried = kubernetes.core.v1.ConfigMap(
            f"{name}-repository", opts=child, **config_map(tenant, tenant_labels(tenant), key, files)
        )
        serve(
            name,
            args,
            ensemble,
            cluster,
            locate,
            after(child, carried),
            files,
        )
        self.address = address(tenant, key, args["domain"])
        self.register_outputs({"address": self.address})
