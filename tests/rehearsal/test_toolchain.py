"""Building and caching the rehearsal's tools, with a stand-in for `go` that is quick and fails on request."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal import downloads, gobuild, toolchain
from rehearsal.downloads import Release
from rehearsal.paths import ROOT
from rehearsal.toolchain import ToolchainError
from rehearsal.tooltable import TOOLS, Data, Edit, Jars, Tool
from tests.rehearsal.cluster import alive, eventually

pytestmark = pytest.mark.process

FAKE_GO = """#!/bin/sh
here=$(dirname "$0")
[ "$1 $2" = "env GOVERSION" ] && { cat "$here/version"; exit 0; }
[ "$1 $2" = "mod download" ] && { echo "{\\"Dir\\": \\"$here/module\\"}"; exit 0; }
echo "$@" >> "$here/calls"
. "$here/behaviour"
while [ "$1" != "-o" ]; do shift; done
into=$2; shift 2
for package in "$@"; do
  program=$into$(basename "${package%/v[0-9]}")
  echo program > "$program"; chmod +x "$program"
done
"""
TOOL = Tool(
    name="sample",
    version="1.2.3",
    binaries={"sampled": "example.org/sample/server/v3", "samplectl": "example.org/sample/cmd/ctl"},
    ldflags=("-X example.org/sample.version=v1.2.3",),
    minutes=1,
    cache_gib=0.001,
    size_gib=0.001,
)


class Workshop:
    """A private cache, modules folder and `go`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache" / "multimodal-platform"
        self.modules = folder / "modules"
        (self.modules / "sample").mkdir(parents=True)
        (self.modules / "sample" / "go.mod").write_text("module sample\n")
        (self.modules / "sample" / "go.sum").write_text("")
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.go = self.bin / "go"
        self.go.write_text(FAKE_GO)
        self.go.chmod(0o755)
        self.go_version("go1.26.8")
        self.behave("")
        self.said: list[str] = []
        self.env = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "MULTIMODAL_BUILD_FROM_SOURCE": "1",
        }

    def go_version(self, text: str) -> None:
        (self.bin / "version").write_text(text + "\n")

    def behave(self, script: str) -> None:
        (self.bin / "behaviour").write_text(script + "\n")

    def builds(self) -> list[str]:
        calls = self.bin / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def ensure(self, tool: Tool = TOOL) -> Path:
        found = toolchain.ensure(
            [tool.name], self.said.append, env=self.env, table={tool.name: tool}, modules=self.modules
        )
        return found[tool.name]

    def leftovers(self) -> list[str]:
        """What is in the cache beside whole tools, locks and logs of failures."""
        if not self.cache.exists():
            return []
        return [path.name for path in self.cache.iterdir() if path.name.startswith(".")]


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_a_tool_is_built_once_and_then_taken_from_the_cache(shop: Workshop) -> None:
    folder = shop.ensure()
    assert folder == shop.cache / "sample-1.2.3"
    assert os.access(folder / "sampled", os.X_OK)
    assert os.access(folder / "samplectl", os.X_OK)
    assert shop.said == ["building sample 1.2.3 (about 1 min, once per user)", "  sample 1.2.3: done"]

    shop.said.clear()
    assert shop.ensure() == folder
    assert len(shop.builds()) == 1
    assert shop.said == []
    assert shop.leftovers() == []


def test_a_build_is_reproducible_and_carries_the_version(shop: Workshop) -> None:
    shop.ensure()
    (call,) = shop.builds()
    assert "-mod=readonly -trimpath -buildvcs=false" in call
    assert "-s -w -X example.org/sample.version=v1.2.3" in call


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_a_changed_module_is_built_anew(shop: Workshop, name: str) -> None:
    shop.ensure()
    (shop.modules / "sample" / name).write_text("changed\n")
    shop.ensure()
    assert len(shop.builds()) == 2
    assert shop.leftovers() == []


def test_a_program_that_vanished_from_the_cache_is_built_anew(shop: Workshop) -> None:
    (shop.ensure() / "sampled").unlink()
    assert os.access(shop.ensure() / "sampled", os.X_OK)


def test_without_go_the_error_says_what_to_install(shop: Workshop) -> None:
    shop.go.unlink()
    with pytest.raises(ToolchainError, match=r"Go is not installed .*install Go 1\.26 or newer"):
        shop.ensure()
    assert shop.leftovers() == []


def test_a_go_that_is_too_old_is_refused_before_anything_is_built(shop: Workshop) -> None:
    shop.go_version("go1.24.3")
    with pytest.raises(ToolchainError, match=r"Go 1\.24 at .*go is too old: install Go 1\.26 or newer"):
        shop.ensure()
    assert shop.builds() == []


def test_a_go_that_does_not_work_is_named(shop: Workshop) -> None:
    shop.go_version("what?")
    with pytest.raises(ToolchainError, match="env GOVERSION` does not work"):
        shop.ensure()


def test_go_is_not_needed_for_what_the_cache_holds(shop: Workshop) -> None:
    shop.ensure()
    shop.go.unlink()
    assert shop.ensure().is_dir()


def test_a_failed_build_shows_the_compilers_last_words_and_leaves_no_cache(shop: Workshop) -> None:
    shop.behave("echo 'main.go:3: undefined: foo' >&2; exit 1")
    with pytest.raises(
        ToolchainError, match=r"sample 1\.2\.3 does not build: main\.go:3: undefined: foo; log: (.*)$"
    ) as error:
        shop.ensure()
    log = Path(str(error.value).rpartition("log: ")[2])
    assert "undefined: foo" in log.read_text()
    assert not (shop.cache / "sample-1.2.3").exists()
    assert shop.leftovers() == []


def test_without_network_the_error_says_so(shop: Workshop) -> None:
    shop.behave("echo 'go: example.org/x@v1: Get \"https://p/x\": dial tcp: lookup p: no such host' >&2; exit 1")
    with pytest.raises(
        ToolchainError, match=r"could not fetch its modules \(dial tcp: lookup p: no such host\): check the network"
    ):
        shop.ensure()


def test_a_disk_that_fills_up_while_building_is_named(shop: Workshop) -> None:
    shop.behave("echo 'write /x/y.o: no space left on device' >&2; exit 1")
    with pytest.raises(ToolchainError, match=r"the disk that holds .* is full: free some space"):
        shop.ensure()
    assert shop.leftovers() == []


def test_a_disk_without_room_is_refused_before_anything_is_built(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rehearsal.gobuild.shutil.disk_usage", lambda path: SimpleNamespace(free=2**29))
    large = Tool(**{**vars(TOOL), "cache_gib": 3.0, "size_gib": 0.3})
    with pytest.raises(ToolchainError, match=r"needs 3\.3 GiB of free disk at .*, which has 0\.5 GiB"):
        shop.ensure(large)
    assert shop.builds() == []
    assert shop.leftovers() == []


def test_a_cache_that_cannot_be_written_is_named(shop: Workshop) -> None:
    (shop.folder / "cache").write_text("a file where a folder should be")
    with pytest.raises(ToolchainError, match=r"cannot write the cache .*set XDG_CACHE_HOME"):
        shop.ensure()


def test_two_builds_at_once_share_one(shop: Workshop) -> None:
    shop.behave("sleep 0.3")
    both = [threading.Thread(target=shop.ensure) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(shop.builds()) == 1
    assert "waiting for another build of sample 1.2.3" in shop.said
    assert (shop.cache / "sample-1.2.3" / "sampled").exists()


def test_leftovers_of_a_killed_build_are_removed(shop: Workshop) -> None:
    (shop.cache / ".sample-1.2.3.abcd" / "programs").mkdir(parents=True)
    shop.ensure()
    assert shop.leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_building_ends_the_compilers_and_leaves_no_half_built_cache(
    shop: Workshop, number: signal.Signals
) -> None:
    shop.behave(f"sleep 300 & echo $! > {shop.folder}/compiler; wait")
    script = (
        "from pathlib import Path; from rehearsal import toolchain\n"
        "tool = toolchain.Tool(name='sample', version='1.2.3', binaries={'s': 'x/s'}, "
        "minutes=1, cache_gib=0, size_gib=0)\n"
        f"toolchain.ensure(['sample'], print, table={{'sample': tool}}, modules=Path({str(shop.modules)!r}))\n"
    )
    env = {**shop.env, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    compiler = shop.folder / "compiler"
    eventually(
        lambda: compiler.exists() and compiler.read_text().strip().isdigit(), "the compiler to start", seconds=10
    )
    process.send_signal(number)
    assert process.wait(timeout=10) != 0
    eventually(lambda: not alive(int(compiler.read_text())), "the compiler to be gone", seconds=10)
    assert shop.leftovers() == []
    assert not (shop.cache / "sample-1.2.3").exists()


def test_a_long_build_is_heard_of_now_and_then(tmp_path: Path) -> None:
    beats: list[str] = []
    command = ["sleep", "0.3"]
    env = {"PATH": "/usr/bin:/bin"}
    status = gobuild.run_with_heartbeat(
        command, cwd=tmp_path, env=env, log=tmp_path / "log", beat=beats.append, every=0.07
    )
    assert status == 0
    assert len(beats) >= 3
    assert gobuild.elapsed(75) == "1 min 15 s"


@pytest.mark.parametrize(
    ("printed", "used"),
    [("v1.2.3", True), ("v1.10.0", True), ("v2.0.0-dev.1", True), ("v1.2.2", False), ("unknown", False)],
)
def test_a_program_on_path_is_used_only_when_it_is_new_enough(shop: Workshop, printed: str, used: bool) -> None:
    program = shop.bin / "sampled"
    program.write_text(f"#!/bin/sh\necho {printed}\n")
    program.chmod(0o755)
    folder = shop.ensure(Tool(**{**vars(TOOL), "path_version": ("sampled", "version")}))
    assert folder == (shop.bin if used else shop.cache / "sample-1.2.3")
    assert bool(shop.builds()) is not used


class Site:
    """A download site on loopback."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = site.files.get(self.path)
                self.send_response(200 if found is not None else 404)
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        address = f"http://127.0.0.1:{self.server.server_port}/{{version}}/{{os}}/{{name}}"
        self.release = Release(url=address, checksum=address + ".sha256")

    def publish(self, name: str, content: bytes, checksum: str | None = None) -> None:
        path = f"/1.2.3/{sys.platform}/{name}"
        self.files[path] = content
        self.files[path + ".sha256"] = (checksum or hashlib.sha256(content).hexdigest()).encode()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _downloading(shop: Workshop, release: Release) -> Tool:
    shop.env.pop("MULTIMODAL_BUILD_FROM_SOURCE")
    return Tool(**{**vars(TOOL), "release": release})


def test_published_programs_are_downloaded_in_place_of_a_build(shop: Workshop, site: Site) -> None:
    site.publish("sampled", b"one")
    site.publish("samplectl", b"two")
    folder = shop.ensure(_downloading(shop, site.release))
    assert (folder / "samplectl").read_bytes() == b"two"
    assert os.access(folder / "sampled", os.X_OK)
    assert shop.builds() == []
    assert shop.said == ["downloaded sample 1.2.3, checksums match"]


@pytest.mark.parametrize("trouble", ["wrong checksum", "missing program"])
def test_a_download_that_is_not_whole_and_right_is_built_instead(shop: Workshop, site: Site, trouble: str) -> None:
    site.publish("sampled", b"one")
    if trouble == "wrong checksum":
        site.publish("samplectl", b"two", checksum="0" * 64)
    folder = shop.ensure(_downloading(shop, site.release))
    assert (folder / "samplectl").read_text() == "program\n"
    assert (folder / "sampled").read_text() == "program\n"
    assert len(shop.builds()) == 1


def test_a_site_that_does_not_answer_is_asked_once_per_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], timeout: float) -> None:
        asked.append(address)
        raise TimeoutError

    monkeypatch.setattr("rehearsal.downloads.socket.create_connection", refuse)
    source = downloads.Source({})
    release = Release(url="http://192.0.2.1/{name}", checksum="http://192.0.2.1/{name}.sha256", systems=(sys.platform,))
    assert not source.fetch(release, "1", ["a"], tmp_path)
    assert not source.fetch(release, "1", ["b"], tmp_path)
    assert asked == [("192.0.2.1", 80)]


def test_the_cache_lies_where_xdg_says_or_below_home() -> None:
    assert toolchain.cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/multimodal-platform")
    assert toolchain.cache_folder({"HOME": "/home/me"}) == Path("/home/me/.cache/multimodal-platform")
    assert toolchain.cache_folder({"HOME": "/home/me", "XDG_CACHE_HOME": ""}) == Path(
        "/home/me/.cache/multimodal-platform"
    )


@pytest.mark.parametrize("tool", [one for one in TOOLS.values() if isinstance(one, Tool)], ids=lambda tool: tool.name)
def test_every_tools_module_pins_the_version_that_the_table_promises(tool: Tool) -> None:
    module = (toolchain.MODULES / tool.name / "go.mod").read_text()
    required: Mapping[str, str] = dict(
        re.findall(r"^\s*(?:require )?(\S+) (v\S+?)(?: // indirect)?$", module, re.MULTILINE)
    )
    for package in tool.binaries.values():
        owner = max((path for path in required if f"{package}/".startswith(f"{path}/")), key=len)
        assert required[owner] == f"v{tool.version}", package
    assert (toolchain.MODULES / tool.name / "go.sum").stat().st_size > 0


EDITED = Tool(
    name="sample",
    version="1.2.3",
    binaries={"sampled": "example.org/sample/server/v3"},
    edits=(Edit(module="example.org/sample", file="main.go", old='":80"', new='"127.0.0.1:80"'),),
    minutes=1,
    cache_gib=0.001,
    size_gib=0.001,
)


def test_a_program_is_built_from_an_edited_source_and_the_module_stays_as_it_is(shop: Workshop) -> None:
    (shop.bin / "module").mkdir()
    source = shop.bin / "module" / "main.go"
    source.write_text('listen(":80")')
    source.chmod(0o444)  # as in Go's module cache
    shop.behave(
        'while [ "${1#-modfile=}" = "$1" ]; do shift; done; cp "${1#-modfile=}" "$here/built.mod"; '
        'cp "$(dirname "${1#-modfile=}")"/edited-0/main.go "$here/built.go"'
    )
    shop.ensure(EDITED)
    assert re.search(
        r"^replace example.org/sample => \S+/edited-0$", (shop.bin / "built.mod").read_text(), re.MULTILINE
    )
    assert (shop.bin / "built.go").read_text() == 'listen("127.0.0.1:80")'
    assert source.read_text() == 'listen(":80")'


def test_what_a_program_reads_is_laid_beside_it_and_a_change_of_that_builds_anew(shop: Workshop) -> None:
    source = shop.bin / "module" / "manifests" / "1.0"
    source.mkdir(parents=True)
    (source / "all.yaml").write_text("kind: Service")
    (source / "all.yaml").chmod(0o444)  # as in Go's module cache
    tool = replace(EDITED, edits=(), data=(Data(module="example.org/sample", folder="manifests/1.0", target="m/1.0"),))
    folder = shop.ensure(tool)
    assert (folder / "m" / "1.0" / "all.yaml").read_text() == "kind: Service"
    assert toolchain.is_built(tool, shop.env, shop.modules)
    assert not toolchain.is_built(replace(tool, data=()), shop.env, shop.modules)


def test_an_edit_that_fits_nowhere_or_twice_is_refused(shop: Workshop) -> None:
    (shop.bin / "module").mkdir()
    for text in ("listen()", 'listen(":80", ":80")'):
        (shop.bin / "module" / "main.go").write_text(text)
        with pytest.raises(ToolchainError, match="has no single '\":80\"' to change"):
            shop.ensure(EDITED)
    assert shop.leftovers() == []


def test_a_stamp_says_how_the_programs_came_about(shop: Workshop) -> None:
    assert json.loads((shop.ensure() / "stamp.json").read_text())["how"] == "built"


@pytest.mark.parametrize("tool", [one for one in TOOLS.values() if isinstance(one, Jars)], ids=lambda tool: tool.name)
def test_every_pom_pins_the_version_that_the_table_promises_and_every_jar(tool: Jars) -> None:
    pom = (toolchain.MODULES / tool.name / "pom.xml").read_text()
    group, artifact = tool.artifact.split(":")
    words = (
        f"<groupId>{group}</groupId>",
        f"<artifactId>{artifact}</artifactId>",
        f"<version>{tool.version}</version>",
    )
    assert re.search(r"\s*".join(map(re.escape, words)), pom)
    jars = (toolchain.MODULES / tool.name / "jars.sha256").read_text()
    assert f"  {artifact}-{tool.version}.jar\n" in jars
    assert all(re.fullmatch(r"[0-9a-f]{64}  \S+\.jar", line) for line in jars.splitlines())


JARS = Jars(name="sample", version="1.2.3", artifact="org.example:sample", minutes=1, cache_gib=0.001, size_gib=0.001)
FAKE_JAVA = """#!/bin/sh
echo 'openjdk version "17.0.15" 2025-04-15' >&2
"""
FAKE_MAVEN = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
for word in "$@"; do case $word in -DoutputDirectory=*) into=${word#-DoutputDirectory=};; esac; done
printf %s "$(cat "$here/jar")" > "$into/sample-1.2.3.jar"
. "$here/behaviour"
"""


@pytest.fixture
def java_shop(shop: Workshop) -> Workshop:
    """A workshop with Java and Maven, whose pom asks for one jar."""
    (shop.modules / "sample" / "pom.xml").write_text("<project/>")
    pinned = hashlib.sha256(b"classes").hexdigest()
    (shop.modules / "sample" / "jars.sha256").write_text(f"{pinned}  sample-1.2.3.jar\n")
    for name, text in (("java", FAKE_JAVA), ("mvn", FAKE_MAVEN)):
        (shop.bin / name).write_text(text)
        (shop.bin / name).chmod(0o755)
    (shop.bin / "jar").write_text("classes")
    # Nothing of this machine's: what is missing must be missing.
    for name in ("sh", "cat", "dirname"):
        (shop.bin / name).symlink_to(f"/bin/{name}")
    shop.env["PATH"] = str(shop.bin)
    return shop


def fetch(shop: Workshop) -> Path:
    table = {"sample": JARS}
    return toolchain.ensure(["sample"], shop.said.append, env=shop.env, table=table, modules=shop.modules)["sample"]


def test_jars_are_fetched_once_and_then_taken_from_the_cache(java_shop: Workshop) -> None:
    folder = fetch(java_shop)
    assert (folder / "sample-1.2.3.jar").read_text() == "classes"
    assert json.loads((folder / "stamp.json").read_text())["how"] == "fetched"
    assert fetch(java_shop) == folder
    assert len(java_shop.builds()) == 1
    assert java_shop.said == ["fetching sample 1.2.3 (about 1 min, once per user)", "  sample 1.2.3: done"]
    assert java_shop.leftovers() == []


@pytest.mark.parametrize("name", ["pom.xml", "jars.sha256"])
def test_a_changed_pom_is_fetched_anew(java_shop: Workshop, name: str) -> None:
    fetch(java_shop)
    path = java_shop.modules / "sample" / name
    path.write_text(path.read_text() + "\n")
    fetch(java_shop)
    assert len(java_shop.builds()) == 2


def test_a_jar_that_is_not_the_pinned_one_is_refused(java_shop: Workshop) -> None:
    (java_shop.bin / "jar").write_text("something else")
    with pytest.raises(ToolchainError, match=r"sample-1\.2\.3\.jar is not the jar that jars\.sha256 pins"):
        fetch(java_shop)
    assert java_shop.leftovers() == []


def test_a_maven_that_fails_is_quoted(java_shop: Workshop) -> None:
    java_shop.behave("echo '[ERROR] Could not resolve org.example:sample:1.2.3'; exit 1")
    with pytest.raises(ToolchainError, match=r"Maven could not fetch its jars: Could not resolve org\.example"):
        fetch(java_shop)
    assert not (java_shop.cache / "sample-1.2.3").exists()


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("java", r"Java is not installed \(no `java` on PATH\): install a JRE of version 17 or newer"),
        ("mvn", r"Maven is not installed \(no `mvn` on PATH\), and its jars are fetched with it: install Maven"),
    ],
)
def test_a_machine_without_java_or_maven_is_told_so(java_shop: Workshop, missing: str, reason: str) -> None:
    (java_shop.bin / missing).unlink()
    with pytest.raises(ToolchainError, match=reason):
        fetch(java_shop)
    assert re.fullmatch(reason, toolchain.lacking("kafka", java_shop.env))
    assert java_shop.leftovers() == []


def test_a_java_that_is_too_old_is_named(java_shop: Workshop) -> None:
    (java_shop.bin / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    assert re.match(r"Java 11 at .*/java is too old: install a JRE", toolchain.lacking("kafka", java_shop.env))


def test_programs_of_go_are_never_lacking() -> None:
    assert toolchain.lacking("kubernetes", {"PATH": ""}) == ""
