"""One Kafka node on loopback, controller and broker in one, that stands for all nodes of a Kafka resource.

Each listener of the resource is opened twice: at the resource's own port on a loopback address of its own, where the
broker gives the names that it would have in a cluster, and at a free port of 127.0.0.1 for programs that know no such
names. Two further listeners are the operator's own: for itself, and between controller and broker.
"""

import base64
import contextlib
import random
import shutil
import socket
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal import certificates, maven, processes
from rehearsal.control_plane import write_private
from rehearsal.kafka.resources import Cluster, Listener
from rehearsal.processes import Child, Process, ProcessFailed

STOP_SECONDS = 8.0
"""How long a broker may take to hand over and close its files."""
OPERATOR = "rehearsal-operator"
"""Common name of the certificate by which the operator's own programs are known: they may do anything."""
POOL = "broker"
_OPERATOR_LISTENER = "OPERATOR"
_CONTROLLER_LISTENER = "CONTROLLER"
_LOOPBACK = "127.0.0.1"
# A quiet, small and quickly started JVM: a rehearsal's traffic is little.
_JVM = ("-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%throwable{short.message}
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""
# One process from the start: the shell becomes the broker once its folder is formatted.
_SCRIPT = 'java=$1 config=$2; shift 2; "$java" "$@" kafka.tools.StorageTool format --ignore-formatted --standalone \
--cluster-id "$CLUSTER_ID" --config "$config" $RELEASE >/dev/null && exec "$java" "$@" kafka.Kafka "$config"'


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A certificate with its chain and its key, in PEM."""

    certificate: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where one listener of the resource is reached."""

    listener: Listener
    address: str
    """Loopback address that has the listener's own port; names of the cluster lead there."""
    port: int
    """Port on 127.0.0.1."""

    @property
    def host(self) -> str:
        """Where programs of this machine begin."""
        return f"{_LOOPBACK}:{self.port}"


class Broker:
    """A node of one cluster, in a folder that holds its data."""

    def __init__(self, cluster: Cluster, folder: Path, jars: Path, *, pool: str = POOL, logs: Path) -> None:
        """Args: what it must be, a private folder, the jars, the node pool that it stands for, where it logs."""
        self.cluster = cluster
        self.folder = folder
        self._jars = jars
        self._pool = pool
        self._logs = logs
        self.doors = tuple(
            Door(listener=one, address=loopback_address(one.port), port=processes.free_port())
            for one in cluster.listeners
        )
        self.operator_port = processes.free_port()
        self._controller_port = processes.free_port()
        self.cluster_id = _identity(folder)
        self._child: Child | None = None

    @property
    def names(self) -> Mapping[str, str]:
        """Names of the cluster by which clients reach the broker -> address."""
        bootstrap = f"{self.cluster.name}-kafka-bootstrap.{self.cluster.namespace}"
        return {
            name: door.address
            for door in self.doors
            for name in (
                *(f"{bootstrap}{suffix}" for suffix in ("", ".svc", ".svc.cluster.local")),
                self.cluster.broker_name(self._pool),
            )
        }

    @property
    def operator_files(self) -> Mapping[str, str]:
        """Files of the operator's certificate: ca, certificate and key."""
        return {name: str(self.folder / f"operator.{name}") for name in ("ca", "certificate", "key")}

    def start(self, own: Mapping[str, KeyPair], clients: str) -> None:
        """Start it, or start it anew with other settings; its data stay.

        Args:
            own: Name of each listener -> its key pair.
            clients: PEM certificates of who vouches for clients.

        Raises:
            ProcessFailed: when Java cannot be run at all.
        """
        self.stop()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write_operator()
        for name, pair in own.items():
            write_private(self.folder / f"{name}.pem", f"{pair.key.strip()}\n{pair.certificate.strip()}\n")
        write_private(self.folder / "clients.pem", clients)
        write_private(self.folder / "log4j2.properties", _LOGGING)
        lines = (f"{name}={_escaped(text)}" for name, text in self.properties().items())
        write_private(self.folder / "server.properties", "\n".join(lines) + "\n")
        self._child = processes.start(self._process(), self._logs)

    def properties(self) -> dict[str, str]:
        """The broker's settings: the resource's own, and those that the operator adds."""
        listeners = {f"{_OPERATOR_LISTENER}://{_LOOPBACK}:{self.operator_port}": ""}
        for door in self.doors:
            inside = f"{self.cluster.broker_name(self._pool)}:{door.listener.port}"
            listeners[f"{door.listener.alias}://{door.address}:{door.listener.port}"] = inside
            listeners[f"{_outside(door)}://{door.host}"] = ""
        advertised = [f"{one.partition(':')[0]}://{told}" if told else one for one, told in listeners.items()]
        control = f"{_CONTROLLER_LISTENER}://{_LOOPBACK}:{self._controller_port}"
        names = [one.partition(":")[0] for one in (*listeners, control)]
        made = {
            **self.cluster.properties,
            "process.roles": "broker,controller",
            "node.id": "0",
            "controller.quorum.bootstrap.servers": f"{_LOOPBACK}:{self._controller_port}",
            "controller.listener.names": _CONTROLLER_LISTENER,
            "inter.broker.listener.name": _OPERATOR_LISTENER,
            "listeners": ",".join((*listeners, control)),
            "advertised.listeners": ",".join((*advertised, control)),
            "listener.security.protocol.map": ",".join(f"{name}:SSL" for name in names),
            "log.dirs": str(self.folder / "data"),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": ";".join((f"User:CN={OPERATOR}", *self.cluster.super_users)),
            # One broker leads all groups; waiting for more members first only makes rehearsals slow.
            "group.initial.rebalance.delay.ms": "0",
        }
        for door in self.doors:
            for name in (door.listener.alias, _outside(door)):
                made |= _secured(name, self.folder / f"{door.listener.name}.pem", self.folder / "clients.pem")
        for name in (_OPERATOR_LISTENER, _CONTROLLER_LISTENER):
            made |= _secured(name, self.folder / "operator.pem", self.folder / "operator.ca")
        return made

    def _process(self) -> Process:
        options = (*_JVM, f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}", "-cp", f"{self._jars}/*")
        release = self.cluster.metadata_version
        return Process(
            name=f"kafka-{self.cluster.namespace}-{self.cluster.name}",
            argv=("sh", "-c", _SCRIPT, "kafka", maven.java(), str(self.folder / "server.properties"), *options),
            env={"CLUSTER_ID": self.cluster_id, "RELEASE": f"--release-version {release}" if release else ""},
        )

    def _write_operator(self) -> None:
        pair = certificates.issue(OPERATOR)
        for name, text in (("ca", pair.authority), ("certificate", pair.certificate), ("key", pair.key)):
            write_private(self.folder / f"operator.{name}", text)
        write_private(self.folder / "operator.pem", f"{pair.key}\n{pair.certificate}")

    def listening(self) -> bool:
        """Whether it accepts connections.

        Raises:
            ProcessFailed: when it has ended, with its last words.
        """
        if self._child is None:
            return False
        if not self._child.alive:
            raise ProcessFailed(self._child.obituary())
        with contextlib.suppress(OSError), socket.create_connection((_LOOPBACK, self.operator_port), timeout=1):
            return True
        return False

    def stop(self) -> None:
        """End the process; its data stay. Idempotent."""
        if self._child is not None:
            processes.stop([self._child], grace=STOP_SECONDS)
            self._child = None

    def remove(self) -> None:
        """End the process and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def loopback_address(port: int) -> str:
    """A loopback address at which nobody has the port yet: several rehearsals may want the same one.

    Raises:
        ProcessFailed: where there is none.
    """
    # Linux has all of 127.0.0.0/8; elsewhere the one address must do.
    many = [f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(2, 254)}" for _ in range(8)]  # noqa: S311
    for address in (*(many if sys.platform == "linux" else ()), _LOOPBACK):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, port))
            return address
    raise ProcessFailed(f"port {port} is taken on {_LOOPBACK}: end what listens there")


def _identity(folder: Path) -> str:
    """The cluster's id: that of the data in the folder, or a fresh one."""
    with contextlib.suppress(OSError):
        for line in (folder / "data" / "meta.properties").read_text().splitlines():
            if line.startswith("cluster.id="):
                return line.partition("=")[2]
    while True:
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # One that begins with a dash would be taken for an option.
        if not made.startswith("-"):
            return made


def _outside(door: Door) -> str:
    return f"{door.listener.alias}-HOST"


def _secured(listener: str, keys: Path, trusted: Path) -> dict[str, str]:
    prefix = f"listener.name.{listener.lower()}.ssl"
    return {
        f"{prefix}.client.auth": "required",
        f"{prefix}.keystore.type": "PEM",
        f"{prefix}.keystore.location": str(keys),
        f"{prefix}.truststore.type": "PEM",
        f"{prefix}.truststore.location": str(trusted),
    }


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
