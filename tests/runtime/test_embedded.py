"""The servers out of wheels start anywhere, keep to themselves, and leave nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from infusion_clinic import embedded
from infusion_clinic.child import Child, ServiceError, last_words
from infusion_clinic.environment import ROOT
from tests.runtime import processes

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from infusion_clinic import embedded
services = embedded.start(Path(sys.argv[1]), is_durable=False)
print(services.postgres.process.pid, services.redis.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def ask(services: embedded.Services, statement: str) -> object:
    """One value out of the embedded PostgreSQL, as the clinic's own role."""
    with psycopg.connect(services.postgres.url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def test_both_servers_answer_and_leave_no_process_and_no_port(tmp_path: Path) -> None:
    with embedded.running(tmp_path, is_durable=False) as services:
        assert str(ask(services, "SHOW server_version")).startswith("18.")
        assert ask(services, "SHOW listen_addresses") == ""
        assert ask(services, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        with redis.Redis.from_url(services.redis.url) as store:
            assert store.ping()
        stranger = redis.Redis.from_url(f"redis://127.0.0.1:{services.redis.port}/0")
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert processes.naming(tmp_path)
    assert processes.naming(tmp_path) == set()
    assert list(tmp_path.glob("clinic-socket-*")) == []


def test_data_survives_a_stop_and_a_power_cut(tmp_path: Path) -> None:
    with embedded.running(tmp_path, is_durable=True) as services:
        ask(services, "CREATE TABLE kept AS SELECT 1 AS n")
        services.postgres.kill()
        services.postgres.start()
        assert ask(services, "SELECT n FROM kept") == 1
        assert ask(services, "SHOW fsync") == "on"
    with embedded.running(tmp_path, is_durable=True) as services:
        assert ask(services, "SELECT n FROM kept") == 1


def test_redis_comes_back_at_the_same_address(tmp_path: Path) -> None:
    with embedded.running(tmp_path, is_durable=False) as services:
        address = services.redis.url
        services.redis.kill()
        services.redis.start()
        assert services.redis.url == address
        with redis.Redis.from_url(address) as store:
            assert store.ping()


def test_two_folders_run_side_by_side(tmp_path: Path) -> None:
    with (
        embedded.running(tmp_path / "one", is_durable=False) as one,
        embedded.running(tmp_path / "two", is_durable=False) as two,
    ):
        ask(one, "CREATE TABLE only_in_one ()")
        assert ask(two, "SELECT to_regclass('only_in_one')") is None
        assert one.redis.port != two.redis.port


def test_a_long_path_with_a_space_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("a very long name " * 6).strip()
    with embedded.running(folder, is_durable=False) as services:
        assert ask(services, "SELECT 1") == 1


def test_the_servers_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.run(
        [sys.executable, "-c", START_AND_DIE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert owner.returncode == -signal.SIGKILL
    assert len(owner.stdout.split()) == 2
    assert processes.comes_true(lambda: processes.naming(tmp_path) == set())
    with embedded.running(tmp_path, is_durable=False) as services:
        assert ask(services, "SELECT 1") == 1


def test_the_servers_do_not_hear_the_terminals_ctrl_c(tmp_path: Path) -> None:
    with embedded.running(tmp_path, is_durable=False) as services:
        for server in (services.postgres, services.redis):
            assert server.process is not None
            assert os.getsid(server.process.pid) != os.getsid(0)


def test_a_damaged_cluster_is_one_sentence_and_no_process(tmp_path: Path) -> None:
    with embedded.running(tmp_path, is_durable=True):
        pass
    (tmp_path / "postgres" / "global" / "pg_control").write_bytes(b"nonsense")
    with pytest.raises(ServiceError, match=r"PostgreSQL did not start\. The end of .*postgres\.log"):
        embedded.start(tmp_path, is_durable=True)
    assert processes.naming(tmp_path) == set()


def test_last_words_hold_no_stack_trace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("Working\nTraceback (most recent call last):\n  File x, line 1\nValueError: no chair\n")
    assert last_words(log) == f"The end of {log}:\n  Working\n  ValueError: no chair"


def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("FATAL: could not write: No space left on device\nDETAIL: more\n")
    assert last_words(log) == "The disk is full."


def test_a_child_that_ignores_the_request_is_ended_with_its_own_children(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 1000 & echo started; while true; do wait; done"
    child = Child(name="Stubborn", log=tmp_path / "log", seconds_to_stop=0.2)
    child.launch(
        ["/bin/sh", "-c", script, str(tmp_path)], environment={"MARK": str(tmp_path), "PATH": os.environ["PATH"]}
    )
    assert processes.comes_true(lambda: "started" in child.log.read_text())
    assert len(processes.naming(tmp_path)) == 2
    child.stop()
    assert processes.comes_true(lambda: processes.naming(tmp_path) == set())
