"""Where a tenant's artifacts lie, and how steps, the API server and the UI get there. Pure.

Sources: kubeflow/pipelines 2.16.1: backend/src/v2/config/{env,s3,minio,gcs}.go (ConfigMap kfp-launcher),
backend/src/apiserver/client_manager (OBJECTSTORECONFIG_*), frontend/server/configs.ts.
"""

from dataclasses import dataclass, field

import yaml

from components.manifest import Spec
from components.pipelines.names import BUCKET, FOLDER, STORE, STORE_PORT
from components.pipelines.pods import secret, value
from components.settings.cluster import Cluster, EksCluster, GkeCluster

NO_KEYS: tuple[Spec, ...] = (
    # Empty, not absent: the servers would take "minio" and "minio123".
    value("OBJECTSTORECONFIG_ACCESSKEY", ""),
    value("OBJECTSTORECONFIG_SECRETACCESSKEY", ""),
)


@dataclass(frozen=True)
class ArtifactStore:
    """How the programs reach the artifacts. The bucket's address is not in it: only an update tells it."""

    own: bool
    """Whether the store is the tenant's own, in its namespace."""

    providers: str = ""
    """How steps find credentials, in the launcher's words; empty: by their cloud identity."""

    api: tuple[Spec, ...] = ()
    """Environment of the API server, beside the bucket's name."""

    ui: tuple[Spec, ...] = ()
    """Environment of the UI."""

    steps: dict[str, str] = field(default_factory=dict[str, str])
    """Environment of every step."""


def artifact_store(cluster: Cluster) -> ArtifactStore:
    """The cloud's bucket by workload identity, without keys; where there is none that it can use, one of its own."""
    match cluster:
        case EksCluster():
            host = f"s3.{cluster.region}.amazonaws.com"
            region = value("AWS_REGION", cluster.region)
            return ArtifactStore(
                own=False,
                api=(
                    *_endpoint(host, secure=True),
                    value("OBJECTSTORECONFIG_REGION", cluster.region),
                    region,
                    *NO_KEYS,
                ),
                ui=(region, value("AWS_S3_ENDPOINT", host), *_no_minio_keys()),
                steps={"AWS_REGION": cluster.region},
            )
        case GkeCluster():
            # The API server speaks S3 only, which Google lets in by key only. It needs the store for the logs and
            # artifacts of version 1 alone: steps and UI speak Google's own language.
            return ArtifactStore(
                own=False,
                api=(
                    *_endpoint("storage.googleapis.com", secure=True),
                    value("AWS_EC2_METADATA_DISABLED", "true"),
                    *NO_KEYS,
                ),
                ui=_no_minio_keys(),
            )
        case _:
            return _own_store()


def _own_store() -> ArtifactStore:
    keys = {"secretName": STORE, "accessKeyKey": "accesskey", "secretKeyKey": "secretkey"}
    provider = {
        "endpoint": f"{STORE}:{STORE_PORT}",
        "region": "local",
        "disableSSL": True,
        "credentials": {"fromEnv": False, "secretRef": keys},
    }
    return ArtifactStore(
        own=True,
        providers=yaml.safe_dump({"minio": {"default": provider}}, sort_keys=True),
        api=(
            *_endpoint(STORE, port=STORE_PORT, secure=False),
            secret("OBJECTSTORECONFIG_ACCESSKEY", STORE, "accesskey"),
            secret("OBJECTSTORECONFIG_SECRETACCESSKEY", STORE, "secretkey"),
        ),
        ui=(
            value("MINIO_HOST", STORE),
            value("MINIO_PORT", str(STORE_PORT)),
            value("MINIO_NAMESPACE", ""),
            secret("MINIO_ACCESS_KEY", STORE, "accesskey"),
            secret("MINIO_SECRET_KEY", STORE, "secretkey"),
        ),
    )


def _endpoint(host: str, *, port: int | None = None, secure: bool) -> tuple[Spec, ...]:
    return (
        value("OBJECTSTORECONFIG_HOST", host),
        value("OBJECTSTORECONFIG_PORT", str(port or "")),
        value("OBJECTSTORECONFIG_SECURE", str(secure).lower()),
    )


def _no_minio_keys() -> tuple[Spec, ...]:
    return (value("MINIO_ACCESS_KEY", ""), value("MINIO_SECRET_KEY", ""))


def pipeline_root(folder: str | None) -> str:
    """Below which a run's artifacts lie. `folder`: address of the tenant's folder of artifacts; None: the own store."""
    return f"minio://{BUCKET}/{FOLDER}" if folder is None else f"{folder}/{FOLDER}"


def bucket_of(address: str) -> str:
    """The bucket in an address such as s3://bucket/folder."""
    return address.split("/")[2]
