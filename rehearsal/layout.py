"""Where the parts of a control plane lie, and the command line of each. Pure: nothing here touches the disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.fleet import KWOK_ANNOTATION
from rehearsal.processes import Process

# etcd insists on a host and a port even for a socket, whose file then has that name.
STORAGE = "etcd:2379"
FRONT_PROXY = "front-proxy-client"
"""The name by which the API server is known to APIs that it passes requests on to."""
_PEERS = "etcd:2380"
_SERVICES = "10.96.0.0/16"
_PODS = "10.244.0.0/16"
_NODE_IP = "10.0.0.1"


@dataclass(frozen=True)
class Layout:
    """Where the parts of one control plane lie. Pure: nothing here touches the disk."""

    run: Path
    """Private, thrown away at the end. Also the working directory of etcd and the API server."""
    logs: Path
    kubeconfig: Path
    port: int
    """Port of the API server on 127.0.0.1."""
    tools: Mapping[str, Path]
    """Tool -> folder with its programs, from `toolchain.ensure`."""

    @property
    def server(self) -> str:
        """Address of the API server."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificates(self) -> Path:
        """Where the API server writes the certificate that it makes for itself."""
        return self.run / "certificates"

    def program(self, tool: str, name: str) -> str:
        """Path of a program."""
        return str(self.tools[tool] / name)


def etcd(layout: Layout) -> Process:
    """Throw-away storage: no fsync. Sockets are relative to the working directory: their paths have a length limit."""
    return Process(
        name="etcd",
        argv=(
            layout.program("etcd", "etcd"),
            f"--data-dir={layout.run / 'etcd'}",
            f"--listen-client-urls=unix://{STORAGE}",
            f"--advertise-client-urls=unix://{STORAGE}",
            f"--listen-peer-urls=unix://{_PEERS}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
        cwd=layout.run,
    )


def api_server(layout: Layout) -> Process:
    """The API server; it makes its own serving certificate and is known by no public name."""
    return Process(
        name="kube-apiserver",
        argv=(
            layout.program("kubernetes", "kube-apiserver"),
            f"--etcd-servers=unix://{STORAGE}",
            "--bind-address=127.0.0.1",
            f"--secure-port={layout.port}",
            # Without these two it looks for an address of the host that others reach, which a laptop may not have.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={layout.certificates}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={layout.run / 'service-account.key'}",
            f"--service-account-signing-key-file={layout.run / 'service-account.key'}",
            f"--token-auth-file={layout.run / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            # Kyverno's stand-in has rules kept by the API server itself; from 1.36 on this needs no asking.
            "--feature-gates=MutatingAdmissionPolicy=true",
            "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
            f"--service-cluster-ip-range={_SERVICES}",
            # By these an API that another process serves (external metrics) knows whom the API server speaks for.
            f"--requestheader-client-ca-file={layout.run / 'front-proxy' / 'ca.crt'}",
            f"--requestheader-allowed-names={FRONT_PROXY}",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={layout.run / 'front-proxy' / 'tls.crt'}",
            f"--proxy-client-key-file={layout.run / 'front-proxy' / 'tls.key'}",
            "--allow-privileged=true",
            "--profiling=false",
            "--v=0",
        ),
        cwd=layout.run,
        # Its heap is large, mostly schemas of CRDs: collected sooner, it spends half of its time on that.
        env={"GOGC": "100"},
    )


def controller_manager(layout: Layout) -> Process:
    """The built-in controllers, one instance, so without leader election."""
    return Process(
        name="kube-controller-manager",
        argv=(
            layout.program("kubernetes", "kube-controller-manager"),
            f"--kubeconfig={layout.kubeconfig}",
            f"--service-account-private-key-file={layout.run / 'service-account.key'}",
            f"--root-ca-file={layout.certificates / 'apiserver.crt'}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
            "--v=0",
        ),
    )


def scheduler(layout: Layout) -> Process:
    """The default scheduler, for every pod that does not name another."""
    return Process(
        name="kube-scheduler",
        argv=(
            layout.program("kubernetes", "kube-scheduler"),
            f"--kubeconfig={layout.kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
            "--v=0",
        ),
    )


def kwok(layout: Layout) -> Process:
    """The simulated kubelets; nodes without the annotation are left alone."""
    return Process(
        name="kwok",
        argv=(
            layout.program("kwok", "kwok"),
            f"--kubeconfig={layout.kubeconfig}",
            f"--config={layout.run / 'stages.yaml'}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={KWOK_ANNOTATION}=fake",
            f"--cidr={_PODS}",
            f"--node-ip={_NODE_IP}",
            "--node-lease-duration-seconds=40",
            "--v=ERROR",
        ),
    )
