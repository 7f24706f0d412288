"""The file in which programs of a rehearsal look a cluster's names up."""

from pathlib import Path

from rehearsal import hosts


def test_names_lead_to_their_addresses_and_localhost_stays(tmp_path: Path) -> None:
    path = tmp_path / "run" / hosts.NAME
    hosts.write(path, {"kafka.svc": "127.3.2.1"})
    assert path.read_text() == "127.0.0.1 localhost\n127.3.2.1 kafka.svc\n"


def test_a_file_that_says_so_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / hosts.NAME
    hosts.write(path, {})
    before = path.stat().st_ino
    hosts.write(path, {})
    assert path.stat().st_ino == before
    hosts.write(path, {"a": "127.0.0.2"})
    assert path.stat().st_ino != before
