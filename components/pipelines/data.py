"""Where a tenant's pipelines keep what they know: the database, and the object store of the namespace. Pure.

Sources: kubeflow/pipelines 2.16.1, manifests/kustomize/third-party/{mysql,seaweedfs}; MySQL image documentation
(docker-entrypoint-initdb.d, MYSQL_* variables); SeaweedFS wiki, `weed shell` (s3.configure, fs.configure).
"""

from dataclasses import dataclass

from components.manifest import Spec
from components.pipelines.names import (
    BUCKET,
    DATA,
    DATABASE,
    DATABASE_PORT,
    METADATA_DATABASE,
    PIPELINE_DATABASE,
    STORE,
    STORE_PORT,
)
from components.pipelines.pods import Server, secret, value
from components.settings.pipelines import TenantPipelines

USER = "pipelines"
"""MySQL user, and user of the object store."""

ADMIN_KEY = "root-password"
SCRIPTS = "pipelines-database-setup"
"""ConfigMap with what MySQL runs on an empty volume."""


@dataclass(frozen=True)
class Database:
    """Where the servers find their MySQL."""

    host: str
    port: int
    secret: str
    """Secret with `username` and `password`."""


def database(chosen: TenantPipelines) -> Database:
    """The tenant's own database, or that in its namespace."""
    if chosen.database is not None:
        return Database(chosen.database.host, chosen.database.port, chosen.database.secret)
    return Database(DATABASE, DATABASE_PORT, DATABASE)


def setup_script() -> str:
    """Makes the two databases and lets their user do all in them, and nothing elsewhere."""
    return "".join(
        f"CREATE DATABASE IF NOT EXISTS {name};\nGRANT ALL PRIVILEGES ON {name}.* TO '{USER}'@'%';\n"
        for name in (PIPELINE_DATABASE, METADATA_DATABASE)
    )


def mysql(image: str) -> Server:
    """The MySQL of the namespace. Its passwords are generated; nobody logs in as root, whose access is local."""
    return Server(
        name=DATABASE,
        image=image,
        part=DATA,
        # ML Metadata checks passwords in the old way, which MySQL 8.4 has off. The binary log would fill the volume.
        args=(
            "--datadir=/var/lib/mysql/data",
            "--authentication-policy=mysql_native_password",
            "--mysql-native-password=ON",
            "--disable-log-bin",
        ),
        env=(
            secret("MYSQL_ROOT_PASSWORD", DATABASE, ADMIN_KEY),
            value("MYSQL_ROOT_HOST", "localhost"),
            secret("MYSQL_USER", DATABASE, "username"),
            secret("MYSQL_PASSWORD", DATABASE, "password"),
        ),
        ports={"mysql": DATABASE_PORT},
        probe={"tcpSocket": {"port": DATABASE_PORT}},
        patience=300,
        cpu="250m",
        memory=("1Gi", "2Gi"),
        user=999,
        group=999,
        volumes=(
            {"name": "data", "persistentVolumeClaim": {"claimName": DATABASE}},
            {"name": "setup", "configMap": {"name": SCRIPTS}},
        ),
        mounts=(
            {"name": "data", "mountPath": "/var/lib/mysql"},
            {"name": "setup", "mountPath": "/docker-entrypoint-initdb.d", "readOnly": True},
        ),
        owns_volume=True,
    )


_READY = "/tmp/ready"  # noqa: S108 - in a container of its own
_SETUP = """set -u
until wget -q --spider http://127.0.0.1:{port}/status; do sleep 2; done
echo "s3.bucket.create --name {bucket}" | weed shell || true
echo "s3.configure -user {user} -access_key $accesskey -secret_key $secretkey -actions Admin -apply" \\
  | weed shell > /dev/null
{retention}touch {ready}
"""


def seaweedfs(image: str, retention_days: int | None) -> Server:
    """The object store of the namespace: SeaweedFS with an S3 endpoint and one bucket, which wants a key.

    Args:
        image: SeaweedFS.
        retention_days: Objects go so many days after they were written; None: they stay.
    """
    retention = ""
    if retention_days is not None:
        # Its `-ttl` counts 1 to 255 of a unit.
        age = f"{retention_days}d" if retention_days <= _MOST_OF_A_UNIT else f"{-(-retention_days // 7)}w"
        retention = f'echo "fs.configure -locationPrefix=/buckets/{BUCKET}/ -ttl={age} -apply" | weed shell\n'
    setup = _SETUP.format(port=STORE_PORT, bucket=BUCKET, user=USER, retention=retention, ready=_READY)
    return Server(
        name=STORE,
        image=image,
        part=DATA,
        args=("server", "-dir=/data", "-s3", "-iam", "-filer", "-master.volumePreallocate=false"),
        env=(secret("accesskey", STORE, "accesskey"), secret("secretkey", STORE, "secretkey")),
        ports={"s3": STORE_PORT},
        # Ready once the key is known: before, it would let everybody in.
        probe={"exec": {"command": ["test", "-f", _READY]}},
        patience=180,
        lifecycle={"postStart": {"exec": {"command": ["/bin/sh", "-c", setup]}}},
        cpu="250m",
        memory=("512Mi", "1Gi"),
        group=1000,
        volumes=({"name": "data", "persistentVolumeClaim": {"claimName": STORE}},),
        mounts=({"name": "data", "mountPath": "/data"},),
        owns_volume=True,
    )


_MOST_OF_A_UNIT = 255


def claim_spec(gib: int) -> Spec:
    """A volume of the platform's default class that one pod mounts."""
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{gib}Gi"}}}
