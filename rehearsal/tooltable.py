"""The programs that a rehearsal runs: upstream projects, their pinned versions and what is built from each."""

from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal import downloads


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change to one source file, made for the build alone: what is in the module cache stays as it is."""

    module: str
    file: str
    """Path in the module."""
    old: str
    """Must occur exactly once."""
    new: str


@dataclass(frozen=True, kw_only=True)
class Data:
    """A folder of files that a program reads while it runs: copied out of a module, laid beside the program."""

    module: str
    folder: str
    """Path in the module."""
    target: str
    """Path in the tool's folder."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One upstream project and the programs that are built from it."""

    name: str
    """Also the name of the folder below `rehearsal/tools`."""
    version: str
    """Upstream version without the leading v, as pinned in the module's go.mod."""
    binaries: Mapping[str, str]
    """Name of the program in the cache -> Go package with its main function."""
    ldflags: tuple[str, ...] = ()
    """Linker settings beyond `-s -w`: a version that nothing else would put into the program."""
    edits: tuple[Edit, ...] = ()
    """For programs that would listen on every address of the machine and have no flag for less, that would read a fixed
    folder of their container, or that would be built with far more than a rehearsal needs."""
    data: tuple[Data, ...] = ()
    """What the programs read beside their own code."""
    minutes: float
    """How long a build takes on 2 cores, downloads included; only told to the user."""
    cache_gib: float
    """What a build adds to Go's build and module caches, in GiB: estimated from their growth, rounded up."""
    size_gib: float
    """What the programs themselves take, in GiB: measured on linux/amd64, rounded up."""
    release: downloads.Release | None = None
    """Where upstream publishes the same programs, for networks that reach it."""
    path_version: tuple[str, ...] = ()
    """Prints the version of the same program on PATH; one that is new enough is used in place of a build."""


@dataclass(frozen=True, kw_only=True)
class Jars:
    """A Java program: its jars, as a pom below `rehearsal/tools` pins them."""

    name: str
    """Also the name of the folder below `rehearsal/tools`."""
    version: str
    """Upstream version, as pinned in the pom."""
    artifact: str
    """`<group>:<artifact>` that the version is of."""
    minutes: float
    """How long Maven takes to fetch them; only told to the user."""
    cache_gib: float
    """What Maven adds to its own repository, in GiB, rounded up."""
    size_gib: float
    """What the jars take, in GiB, rounded up."""


_KUBERNETES_VERSION = "k8s.io/component-base/version"

_HOSTS = "-X net.hostsFilePath=hosts"
"""Makes a Go program look host names up in the file `hosts` of its working folder, before it asks for addresses as
always: so it reaches Services of a cluster that are processes of this machine."""

_KNATIVE_LOOPBACK = (
    Edit(
        module="knative.dev/pkg",
        file="observability/runtime/pprof.go",
        old='Addr:    ":" + port,',
        new='Addr:    "127.0.0.1:" + port,',
    ),
    Edit(
        module="knative.dev/pkg",
        file="injection/health_check.go",
        # Its port is a constant, and two of the programs run at once here: any free one.
        old='Addr: ":" + strconv.Itoa(port)',
        new='Addr: "127.0.0.1:" + strconv.Itoa(port*0)',
    ),
    Edit(
        module="knative.dev/pkg",
        file="webhook/webhook.go",
        old='fmt.Sprint(":", wh.Options.Port)',
        new='fmt.Sprint("127.0.0.1:", wh.Options.Port)',
    ),
)
"""What every Knative program opens."""

_KNATIVE_RELEASES = Edit(
    module="knative.dev/operator",
    file="pkg/reconciler/common/releases.go",
    old="for _, manifest := range addManifests {",
    # What it would fetch from a release is taken from here where it is here.
    new="for _, manifest := range addManifests {\n\t\tlocal := filepath.Join("
    'os.Getenv(KoEnvKey), "releases", path.Base(manifest.Url))\n\t\t'
    "if _, err := os.Stat(local); err == nil {\n\t\t\tmanifest.Url = local\n\t\t}",
)

_KNATIVE_MANIFESTS = ("knative-serving/1.22.1", "ingress/1.22", "knative-eventing/1.22.2", "eventing-source/1.22")
"""What the operator installs at the versions that stacks ask for; it carries those of four minor versions."""

TOOLS: Mapping[str, Tool | Jars] = {
    tool.name: tool
    for tool in (
        Tool(
            name="pulumi",
            version="3.259.0",
            binaries={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
            # The Automation API refuses a CLI that does not know its version.
            ldflags=("-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",),
            minutes=4,
            cache_gib=2.5,
            size_gib=0.15,
            path_version=("pulumi", "version"),
        ),
        Tool(
            name="kubernetes",
            version="1.35.4",
            binaries={
                name: f"k8s.io/kubernetes/cmd/{name}"
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
            },
            # Clients and charts read the server's version; an unset one says v0.0.0.
            ldflags=(
                f"-X {_KUBERNETES_VERSION}.gitVersion=v1.35.4",
                f"-X {_KUBERNETES_VERSION}.gitMajor=1",
                f"-X {_KUBERNETES_VERSION}.gitMinor=35",
            ),
            minutes=5,
            cache_gib=3.5,
            size_gib=0.35,
            release=downloads.KUBERNETES,
        ),
        Tool(
            name="etcd",
            version="3.6.5",
            binaries={"etcd": "go.etcd.io/etcd/server/v3"},
            minutes=1,
            cache_gib=0.6,
            size_gib=0.05,
        ),
        Tool(
            name="kwok",
            version="0.8.0",
            binaries={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
            minutes=1,
            cache_gib=1.0,
            size_gib=0.1,
        ),
        Tool(
            name="volcano",
            version="1.14.1",
            binaries={
                "vc-scheduler": "volcano.sh/volcano/cmd/scheduler",
                "vc-controller-manager": "volcano.sh/volcano/cmd/controller-manager",
            },
            minutes=3,
            cache_gib=2.5,
            size_gib=0.2,
        ),
        Tool(
            name="kuberay",
            version="1.6.2",
            binaries={"ray-operator": "github.com/ray-project/kuberay/ray-operator"},
            minutes=3,
            cache_gib=1.5,
            size_gib=0.05,
        ),
        Tool(
            name="kserve",
            version="0.17.0",
            binaries={"kserve-manager": "github.com/kserve/kserve/cmd/manager"},
            edits=(
                Edit(
                    module="github.com/kserve/kserve",
                    file="cmd/manager/main.go",
                    old="Port: options.webhookPort,",
                    new='Host: "127.0.0.1", Port: options.webhookPort,',
                ),
            ),
            minutes=5,
            cache_gib=2.5,
            size_gib=0.15,
        ),
        Tool(
            name="modelmesh",
            version="0.12.0",
            binaries={"modelmesh-controller": "github.com/kserve/modelmesh-serving"},
            ldflags=(_HOSTS,),
            edits=(
                Edit(
                    module="github.com/kserve/modelmesh-serving",
                    file="main.go",
                    old="webhook.Options{Port: 9443}",
                    new='webhook.Options{Host: "127.0.0.1", Port: func() (port int) { '
                    'fmt.Sscan(os.Getenv("WEBHOOK_PORT"), &port); return }()}',
                ),
                # Of a container's own folders there are none here: its settings lie beside its template.
                Edit(
                    module="github.com/kserve/modelmesh-serving",
                    file="pkg/config/config.go",
                    old='MountLocation     = "/etc/model-serving/config/default"',
                    new='MountLocation     = "config/default"',
                ),
            ),
            data=(
                Data(
                    module="github.com/kserve/modelmesh-serving",
                    folder="config/internal",
                    target="config/internal",
                ),
            ),
            minutes=4,
            cache_gib=1.5,
            size_gib=0.1,
        ),
        Tool(
            name="keda",
            version="2.20.2",
            binaries={
                "operator": "github.com/kedacore/keda/v2/cmd/operator",
                "adapter": "github.com/kedacore/keda/v2/cmd/adapter",
            },
            ldflags=(_HOSTS,),
            edits=(
                Edit(
                    module="github.com/kedacore/keda/v2",
                    file="cmd/adapter/main.go",
                    old='fmt.Sprintf(":%v", metricsAPIServerPort)',
                    new='fmt.Sprintf("127.0.0.1:%v", metricsAPIServerPort)',
                ),
            ),
            minutes=11,
            cache_gib=4.0,
            size_gib=0.3,
        ),
        Tool(
            name="knative",
            version="0.49.1",
            binaries={name: f"knative.dev/serving/cmd/{name}" for name in ("controller", "webhook", "autoscaler")},
            edits=(
                *_KNATIVE_LOOPBACK,
                # Queue proxies would report here; none runs, so any port will do.
                Edit(
                    module="knative.dev/serving",
                    file="cmd/autoscaler/main.go",
                    old='statsServerAddr = ":8080"',
                    new='statsServerAddr = "127.0.0.1:0"',
                ),
            ),
            minutes=4,
            cache_gib=2.0,
            size_gib=0.2,
        ),
        Tool(
            name="knative-operator",
            version="0.49.3",
            binaries={"operator": "knative.dev/operator/cmd/operator"},
            edits=(*_KNATIVE_LOOPBACK, _KNATIVE_RELEASES),
            data=tuple(
                Data(
                    module="knative.dev/operator",
                    folder=f"cmd/operator/kodata/{folder}",
                    target=f"kodata/{folder}",
                )
                for folder in _KNATIVE_MANIFESTS
            ),
            minutes=3,
            cache_gib=1.5,
            size_gib=0.1,
        ),
        Tool(
            name="knative-eventing",
            version="0.49.2",
            binaries={
                "eventing-webhook": "knative.dev/eventing/cmd/webhook",
                "kafka-webhook-eventing": "knative.dev/eventing-kafka-broker/control-plane/cmd/webhook-kafka",
                "kafka-controller": "knative.dev/eventing-kafka-broker/control-plane/cmd/kafka-controller",
            },
            ldflags=(_HOSTS,),
            edits=_KNATIVE_LOOPBACK,
            # Of these a release's manifests are made.
            data=tuple(
                Data(
                    module="knative.dev/eventing-kafka-broker",
                    folder=f"data-plane/config/{name}",
                    target=f"data-plane/{name}",
                )
                for name in ("broker", "sink")
            ),
            minutes=3,
            cache_gib=2.0,
            size_gib=0.25,
        ),
        Tool(
            name="argo",
            version="3.7.3",
            binaries={"workflow-controller": "github.com/argoproj/argo-workflows/v3/cmd/workflow-controller"},
            edits=(
                Edit(
                    module="github.com/argoproj/argo-workflows/v3",
                    file="cmd/workflow-controller/main.go",
                    old='http.ListenAndServe(":6060", nil)',
                    new='http.ListenAndServe("127.0.0.1:"+os.Getenv("HEALTH_PORT"), nil)',
                ),
            ),
            minutes=6,
            cache_gib=2.0,
            size_gib=0.15,
        ),
        Tool(
            name="crane",
            version="0.22.1",
            binaries={"crane": "github.com/google/go-containerregistry/cmd/crane"},
            minutes=1,
            cache_gib=0.4,
            size_gib=0.05,
        ),
        Tool(
            name="bento",
            version="1.10.0",
            binaries={"bento": "github.com/warpstreamlabs/bento/cmd/bento"},
            ldflags=("-X main.Version=1.10.0", _HOSTS),
            edits=(
                # All components need every cloud's SDK; a router needs these.
                Edit(
                    module="github.com/warpstreamlabs/bento",
                    file="cmd/bento/main.go",
                    old='_ "github.com/warpstreamlabs/bento/public/components/all"',
                    new="\n".join(
                        f'_ "github.com/warpstreamlabs/bento/public/components/{name}"'
                        for name in ("io", "kafka", "prometheus", "pure")
                    ),
                ),
            ),
            minutes=2,
            cache_gib=1.0,
            size_gib=0.05,
        ),
        Jars(
            name="kafka",
            version="4.2.1",
            artifact="org.apache.kafka:kafka_2.13",
            minutes=1,
            cache_gib=0.1,
            size_gib=0.05,
        ),
    )
}
"""Every tool by name. A further one is a module folder and an entry here."""
