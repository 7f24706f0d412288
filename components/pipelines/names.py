"""Names, ports and labels of what a tenant's pipelines consist of. Those of Kubeflow Pipelines are its own, because its
programs and clients look for them (kubeflow/pipelines 2.16.1, manifests/kustomize/base)."""

from components.labels import TENANT

RUNNER = "pipeline-runner"
"""Service account of every step."""

API, API_HTTP, API_GRPC = "ml-pipeline", 8888, 8887
"""The API server's Service and ports."""

UI, UI_PORT = "ml-pipeline-ui", 3000
AGENT = "ml-pipeline-persistenceagent"
"""Tells the API server how runs are."""

SCHEDULES = "ml-pipeline-scheduledworkflow"
"""Starts recurring runs."""

METADATA, METADATA_PORT = "metadata-grpc-service", 8080
METADATA_WEB, METADATA_WEB_PORT = "metadata-envoy-service", 9090
LAUNCHER_CONFIG = "kfp-launcher"
"""ConfigMap in which steps find where artifacts go."""

METADATA_CONFIG = "metadata-grpc-configmap"

DATABASE, DATABASE_PORT = "pipelines-database", 3306
STORE, STORE_PORT = "pipelines-store", 8333
BUCKET = "mlpipeline"
"""Bucket of the object store in the namespace."""

PIPELINE_DATABASE, METADATA_DATABASE = "mlpipeline", "metadb"

FOLDER = "pipelines"
"""Part of a tenant's folder of artifacts in which runs keep theirs."""

PIPELINES_LABEL = "multimodal.dev/pipelines"
"""On pods of a tenant's pipelines: which part they are. `server` and `step` talk to the Kubernetes API."""

SERVER, STEP, DATA = "server", "step", "data"

APP = "app.kubernetes.io/name"


def pod_labels(tenant: str, app: str, part: str) -> dict[str, str]:
    """Labels of one server's pods."""
    return {TENANT: tenant, APP: app, PIPELINES_LABEL: part}
