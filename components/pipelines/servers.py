"""The servers of Kubeflow Pipelines in a tenant's namespace. Pure.

Source: kubeflow/pipelines 2.16.1, manifests/kustomize/base/{pipeline,metadata}. What serves pipelines of version 1 only
is left out: metadata writer, cache server, viewer and visualization servers (docs/decisions/0008-pipelines.md).
"""

from collections.abc import Mapping

from components.labels import STORES_LABEL
from components.manifest import Spec
from components.pipelines.data import Database
from components.pipelines.envoy import ENVOY_CONFIG
from components.pipelines.names import (
    AGENT,
    API,
    API_GRPC,
    API_HTTP,
    DATA,
    METADATA,
    METADATA_DATABASE,
    METADATA_PORT,
    METADATA_WEB,
    METADATA_WEB_PORT,
    PIPELINE_DATABASE,
    SCHEDULES,
    SERVER,
    UI,
    UI_PORT,
)
from components.pipelines.pods import NAMESPACE_FIELD, Server, secret, token_volume, value
from components.pipelines.store import ArtifactStore

STEP_USER = "1000"
"""User of steps whose image would run as root, which Pod Security `restricted` refuses."""

_HEALTH: Spec = {"httpGet": {"path": "/apis/v1beta1/healthz", "port": API_HTTP}}


def api_server(
    images: Mapping[str, str],
    where: Database,
    store: ArtifactStore,
    bucket: Spec,
    patch: str,
    pod_labels: Mapping[str, str],
) -> Server:
    """Takes pipelines and runs, and makes Argo Workflows of them.

    Args:
        images: Reference by key of the catalog.
        where: The database.
        store: The artifacts.
        bucket: Environment variable with the bucket's name.
        patch: See `run.run_patch`.
        pod_labels: Labels by which the cloud knows its account's pods.
    """
    return Server(
        name=API,
        image=images["kfp-api-server"],
        part=SERVER,
        account=API,
        env=(
            {"name": "POD_NAMESPACE", "valueFrom": NAMESPACE_FIELD},
            value("LOG_LEVEL", "info"),
            value("PIPELINE_LOG_LEVEL", "1"),
            # Logs of steps become artifacts, so that they outlive the pods.
            value("PUBLISH_LOGS", "true"),
            value("BLOCK_V1_PIPELINES", "true"),
            value("DEFAULT_SECURITY_CONTEXT_RUN_AS_USER", STEP_USER),
            value("DEFAULT_SECURITY_CONTEXT_RUN_AS_NON_ROOT", "true"),
            value("V2_DRIVER_IMAGE", images["kfp-driver"]),
            value("V2_LAUNCHER_IMAGE", images["kfp-launcher"]),
            value("COMPILED_PIPELINE_SPEC_PATCH", patch),
            secret("DBCONFIG_MYSQLCONFIG_USER", where.secret, "username"),
            secret("DBCONFIG_MYSQLCONFIG_PASSWORD", where.secret, "password"),
            value("DBCONFIG_MYSQLCONFIG_HOST", where.host),
            value("DBCONFIG_MYSQLCONFIG_PORT", str(where.port)),
            value("DBCONFIG_MYSQLCONFIG_DBNAME", PIPELINE_DATABASE),
            bucket,
            *store.api,
        ),
        ports={"http": API_HTTP, "grpc": API_GRPC},
        probe=_HEALTH,
        # The first start makes the tables and waits for the database.
        patience=300,
        cpu="250m",
        memory=("512Mi", "1Gi"),
        labels={STORES_LABEL: "true", **pod_labels},
    )


def persistence_agent(images: Mapping[str, str]) -> Server:
    """Watches the namespace's Workflows and tells the API server; takes finished ones away after a day."""
    volume, mount = token_volume("persistenceagent")
    return Server(
        name=AGENT,
        image=images["kfp-persistence-agent"],
        part=SERVER,
        account=AGENT,
        env=(
            {"name": "NAMESPACE", "valueFrom": NAMESPACE_FIELD},
            value("TTL_SECONDS_AFTER_WORKFLOW_FINISH", "86400"),
            value("NUM_WORKERS", "2"),
            value("LOG_LEVEL", "info"),
        ),
        cpu="100m",
        memory=("128Mi", "512Mi"),
        volumes=(volume,),
        mounts=(mount,),
    )


def schedules(images: Mapping[str, str]) -> Server:
    """Starts recurring runs when they are due."""
    volume, mount = token_volume("scheduledworkflow")
    return Server(
        name=SCHEDULES,
        image=images["kfp-schedules"],
        part=SERVER,
        account=SCHEDULES,
        env=(
            {"name": "NAMESPACE", "valueFrom": NAMESPACE_FIELD},
            value("CRON_SCHEDULE_TIMEZONE", "UTC"),
            value("LOG_LEVEL", "info"),
        ),
        cpu="50m",
        memory=("64Mi", "256Mi"),
        volumes=(volume,),
        mounts=(mount,),
    )


def ui(images: Mapping[str, str], store: ArtifactStore, pod_labels: Mapping[str, str]) -> Server:
    """Shows pipelines, runs and artifacts. It asks nobody for a name, so nobody outside the namespace reaches it."""
    return Server(
        name=UI,
        image=images["kfp-ui"],
        part=SERVER,
        account=UI,
        env=(
            {"name": "FRONTEND_SERVER_NAMESPACE", "valueFrom": NAMESPACE_FIELD},
            value("ML_PIPELINE_SERVICE_HOST", API),
            value("ML_PIPELINE_SERVICE_PORT", str(API_HTTP)),
            value("METADATA_ENVOY_SERVICE_SERVICE_HOST", METADATA_WEB),
            value("METADATA_ENVOY_SERVICE_SERVICE_PORT", str(METADATA_WEB_PORT)),
            value("ALLOW_CUSTOM_VISUALIZATIONS", "false"),
            value("DISABLE_GKE_METADATA", "true"),
            # Artifacts of a web address are not fetched on a user's behalf.
            value("ALLOWED_ARTIFACT_DOMAIN_REGEX", "^$"),
            *store.ui,
        ),
        ports={"http": UI_PORT},
        service_ports={"http": 80},
        probe={"httpGet": {"path": "/apis/v1beta1/healthz", "port": UI_PORT}},
        patience=300,
        cpu="50m",
        memory=("128Mi", "512Mi"),
        labels={STORES_LABEL: "true", **pod_labels},
    )


def metadata(images: Mapping[str, str], where: Database) -> Server:
    """ML Metadata: which step made which artifact out of which."""
    return Server(
        name=METADATA,
        image=images["kfp-metadata"],
        part=DATA,
        command=("/bin/metadata_store_server",),
        args=(
            f"--grpc_port={METADATA_PORT}",
            f"--mysql_config_database={METADATA_DATABASE}",
            f"--mysql_config_host={where.host}",
            f"--mysql_config_port={where.port}",
            "--mysql_config_user=$(DBCONFIG_USER)",
            "--mysql_config_password=$(DBCONFIG_PASSWORD)",
            "--enable_database_upgrade=true",
            # As large as an API server of Kubeflow Pipelines may send.
            "--grpc_channel_arguments=grpc.max_metadata_size=16384,grpc.max_receive_message_length=104857600,"
            "grpc.max_send_message_length=104857600",
        ),
        env=(
            secret("DBCONFIG_USER", where.secret, "username"),
            secret("DBCONFIG_PASSWORD", where.secret, "password"),
        ),
        ports={"grpc": METADATA_PORT},
        probe={"tcpSocket": {"port": METADATA_PORT}},
        patience=300,
        cpu="100m",
        memory=("256Mi", "512Mi"),
    )


def metadata_web(images: Mapping[str, str]) -> Server:
    """Envoy, through which a browser speaks to ML Metadata."""
    return Server(
        name=METADATA_WEB,
        image=images["kfp-metadata-envoy"],
        part=DATA,
        args=("/etc/envoy/envoy.yaml",),
        ports={"http": METADATA_WEB_PORT},
        probe={"tcpSocket": {"port": METADATA_WEB_PORT}},
        cpu="50m",
        memory=("64Mi", "256Mi"),
        volumes=({"name": "config", "configMap": {"name": ENVOY_CONFIG}},),
        mounts=({"name": "config", "mountPath": "/etc/envoy", "readOnly": True},),
    )
