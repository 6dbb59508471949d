"""`make demo` starts all of the clinic, stops all of it, and says in one sentence what is in its way."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infusion_clinic.child import ServiceError
from infusion_clinic.demo import clock, screen
from infusion_clinic.demo.home import Home
from infusion_clinic.demo.run import check_port
from infusion_clinic.environment import ROOT
from tests.runtime import processes

SIGN_INS = [{"role": "Nurse", "name": "Rosa Lind", "email": "rosa@clinic.example", "password": "open sesame"}]


def free_port() -> int:
    """A port nobody uses right now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningDemo:
    """A demo in a folder of its own, started as `make demo` starts it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.output = folder.with_suffix(".out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "infusion_clinic/demo/__main__.py", "run", str(folder)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PORT": str(port), "MARK": str(folder), "SECRET_KEY": "must not leak in"},
            )

    @property
    def said(self) -> str:
        """Everything on the screen so far."""
        return self.output.read_text()

    def is_ready(self) -> bool:
        """Whether it has said so, or has ended and never will."""
        return "Ready: " in self.said or self.process.poll() is not None

    def get(self, path: str) -> tuple[int, bytes]:
        """The status and body of a page."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A demo folder whose clinic counts as filled (its filling has tests of its own) and was seen at noon."""
    folder = tmp_path / "demo"
    folder.mkdir()
    noon = datetime(2026, 11, 18, 12, 0, tzinfo=clock.ZONE)
    (folder / "state.json").write_text(json.dumps({"is_filled": True, "last_seen": noon.isoformat()}))
    (folder / "signins.json").write_text(json.dumps(SIGN_INS))
    return folder


@pytest.fixture
def demo(filled: Path) -> Iterator[RunningDemo]:
    """A demo that is ready."""
    running = RunningDemo(filled, free_port())
    try:
        assert processes.comes_true(running.is_ready, seconds=120)
        assert running.process.poll() is None, running.said
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        processes.comes_true(lambda: not processes.naming(filled))


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_the_demo_starts_everything_and_ctrl_c_stops_everything(demo: RunningDemo) -> None:
    assert f"Ready: http://127.0.0.1:{demo.port}/" in demo.said
    assert "In the clinic it is Wednesday 18 November, 12:0" in demo.said
    assert "Nurse  Rosa Lind  rosa@clinic.example  open sesame" in demo.said
    assert demo.get("/readyz") == (200, b'{"ready": true, "problems": {}}')
    names = {"postgres", "redis-server", "gunicorn", "worker", "beat"}
    commands = [Path(f"/proc/{number}/cmdline").read_text() for number in processes.naming(demo.folder)]
    assert {name for name in names if any(name in command for command in commands)} == names

    second = subprocess.run(
        [sys.executable, "infusion_clinic/demo/__main__.py", "run", str(demo.folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"is running already (process {demo.process.pid})" in second.stderr

    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(150) == 0
    assert processes.naming(demo.folder) == set()
    seen = Home(demo.folder).last_seen
    assert seen is not None
    noon = datetime(2026, 11, 18, 12, 0, tzinfo=clock.ZONE)
    assert noon < seen < noon + timedelta(minutes=10)


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_when_one_part_dies_the_demo_names_it_and_stops(demo: RunningDemo) -> None:
    commands = {number: Path(f"/proc/{number}/cmdline").read_text() for number in processes.naming(demo.folder)}
    beat = [number for number, command in commands.items() if "\0beat\0" in command]
    assert len(beat) == 1
    os.kill(beat[0], signal.SIGKILL)
    assert demo.process.wait(150) == 1
    assert "The beat process has ended. The end of " in demo.said
    assert "Traceback" not in demo.said
    assert processes.naming(demo.folder) == set()


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_make_alone_may_be_told_to_stop(filled: Path, number: signal.Signals) -> None:
    port = free_port()
    makefile = filled.parent / "Makefile"
    start = f"exec {sys.executable} infusion_clinic/demo/__main__.py run {filled}"
    makefile.write_text(f"demo:\n\t@cd {ROOT} && PORT={port} MARK={filled} {start}\n")
    with (filled.parent / "out").open("w+") as output:
        # As a shell starts a command in the background: deaf to SIGINT, unless that is what we send.
        deaf = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh"] if number != signal.SIGINT else []
        command = [*deaf, "make", "-f", str(makefile), "demo"]
        was = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup would leave make deaf to it
        make = subprocess.Popen(command, stdout=output, stderr=output)
        signal.signal(signal.SIGHUP, was)
        try:
            said = filled.parent / "out"
            assert processes.comes_true(lambda: "Ready: " in said.read_text(), seconds=120), said.read_text()
            assert make.poll() is None
            make.send_signal(number)
            ended = processes.comes_true(lambda: make.poll() is not None, seconds=150)
            assert ended, said.read_text()
            assert make.returncode != 0
            assert processes.naming(filled) == set()
        finally:
            make.kill()
            make.wait()


def demo_fails(folder: Path, **environment: str) -> str:
    """What the demo says when it cannot start."""
    outcome = subprocess.run(
        [sys.executable, "infusion_clinic/demo/__main__.py", "run", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stdout + outcome.stderr
    return outcome.stderr.strip()


def test_a_port_in_use_is_one_sentence_with_the_way_out(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = demo_fails(tmp_path / "demo", PORT=str(port))
    assert said == f"Port {port} is in use by another program; choose another: PORT={port + 1} make demo"
    assert processes.naming(tmp_path) == set()


@pytest.mark.parametrize("port", ["80a", "0", "65536", "-1"])
def test_a_nonsense_port_is_one_sentence(tmp_path: Path, port: str) -> None:
    assert demo_fails(tmp_path / "demo", PORT=port) == f"PORT is {port!r}, and must be a number from 1 to 65535."


def test_a_port_just_given_up_may_be_taken_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))):
            server.accept()[0].close()
    check_port(port)


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infusion_clinic.demo.home.NEEDED", shutil.disk_usage(tmp_path).free * 2)
    with pytest.raises(ServiceError, match=r"^The disk is full: .* MB left and the demo needs \d+ MB\.$"):
        Home(tmp_path).prepare()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "The demo cannot go on: Not a directory" in demo_fails(tmp_path / "file" / "demo")


def test_damaged_state_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"is_filled": tr')
    assert demo_fails(tmp_path).endswith("state.json is damaged; make demo-reset starts afresh.")


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    made = Home(tmp_path).secrets()
    assert Home(tmp_path).secrets() == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_reset_forgets_everything(filled: Path) -> None:
    home = Home(filled)
    home.secrets()
    with home.locked():
        home.wipe()
    assert [entry.name for entry in filled.iterdir()] == ["lock"]
    assert not Home(filled).is_filled


def test_the_table_leaves_out_what_nobody_has() -> None:
    lines = screen.table([*SIGN_INS, {"role": "Patient", "name": "Al", "email": "al@example.org", "password": ""}])
    assert lines.splitlines() == [
        "  Role     Name       E-mail               Password",
        "  Nurse    Rosa Lind  rosa@clinic.example  open sesame",
        "  Patient  Al         al@example.org",
    ]
