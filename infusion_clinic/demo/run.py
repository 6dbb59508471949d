"""Start the demo clinic step by step, watch over it, and stop all of it.

What runs is what production runs: gunicorn, a Celery worker and beat, static files with hashed names; only the two
servers come from wheels and the clock may be shifted (`infusion_clinic.demo.clock`).
"""

import http.client
import json
import os
import signal
import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infusion_clinic import embedded
from infusion_clinic.child import Child, ServiceError
from infusion_clinic.demo import clock
from infusion_clinic.demo.home import Home, clean_environment
from infusion_clinic.demo.screen import say, step, table
from infusion_clinic.environment import ROOT

HOST = "127.0.0.1"
READY_SECONDS = 90
SEED = ROOT / "scheduling" / "management" / "commands" / "seed_demo.py"
WATCH_SECONDS = 0.5
REMEMBER_SECONDS = 5.0


class Demo:
    """One demo clinic, from the first step to the last."""

    def __init__(self, home: Home, port: int) -> None:
        self.home = home
        self.port = port
        self.children: list[Child] = []
        self.services: embedded.Services | None = None
        now = datetime.now(UTC)
        self.waking = clock.wake(real_now=now, last_seen=home.last_seen if home.is_filled else None)
        self.offset = timedelta(seconds=self.waking.offset_seconds(now))
        self.is_awake = False
        self.maker = Maker()
        self.environment: dict[str, str] = {}

    @property
    def address(self) -> str:
        """Where people find the demo."""
        return f"http://{HOST}:{self.port}/"

    def start_services(self) -> None:
        """Start PostgreSQL and Redis; from here on the clinic has an environment."""
        with step("Starting PostgreSQL and Redis"):
            self.services = embedded.start(self.home.folder, logs=self.home.logs, is_durable=True)
        self.environment = {
            **clean_environment(),
            **self.services.environment,
            **self.home.secrets(),
            "DJANGO_SETTINGS_MODULE": "infusion_clinic.settings",
            "PYTHONUNBUFFERED": "1",
            "BASE_URL": self.address,
            "ALLOWED_HOSTS": f"{HOST},localhost",
            "EMAIL_URL": "console://",
            "DEMO": "on",
            "DEMO_CLOCK_OFFSET_SECONDS": str(round(self.offset.total_seconds())),
            "LOG_LEVEL": "INFO",
        }

    def fill(self) -> None:
        """Bring the database to this release, and people into it; play the days nobody has played."""
        if not self.home.is_filled and self.services is not None:
            # A filling that was interrupted leaves half a clinic.
            self.services.postgres.recreate_database()
        self._manage("Preparing the database", "migrate", "--noinput")
        if not SEED.exists():
            return
        if not self.home.is_filled:
            label = "Filling the demo clinic with invented people (about a minute)"
            self._manage(label, "seed_demo", "--sign-ins", str(self.home.signins))
        elif self.waking.must_catch_up:
            self._manage(f"Moving the clinic on to {self._clinic_day()}", "seed_demo", "--catch-up")
        self.home.remember(is_filled=True)
        self._remember_time()

    def open(self) -> None:
        """Start the web server, the worker and beat, and wait until the clinic can work."""
        self._manage("Collecting static files", "collectstatic", "--noinput")
        with step("Starting the web server, a worker and beat") as show_seconds:
            celery = [sys.executable, "-m", "celery", "-A", "infusion_clinic"]
            self._launch("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"], seconds=25)
            self._launch("beat", [*celery, "beat", "--loglevel", "INFO", "--pidfile", ""])
            gunicorn = [sys.executable, "-m", "gunicorn", "infusion_clinic.wsgi", "--bind", f"{HOST}:{self.port}"]
            shape = ["--workers", "2", "--threads", "4", "--preload", "--graceful-timeout", "5"]
            self._launch("web", [*gunicorn, *shape, "--no-control-socket", "--access-logfile", "-"])
            deadline = time.monotonic() + READY_SECONDS
            while problem := self._not_ready():
                self._check_children()
                if time.monotonic() > deadline:
                    raise ServiceError(f"The clinic did not get ready in {READY_SECONDS} seconds: {problem}")
                show_seconds()
                time.sleep(0.2)
        self._remember_time()
        say(f"\nReady: {self.address}\n")
        say(f"In the clinic it is {self._clinic_day()}, {self._clinic_now():%H:%M}. Everybody in it is invented.")
        if people := self.home.sign_ins():
            say("\nSign in as:\n" + table(people))
        say(f"\nLogs are in {self.home.logs}. Ctrl-C stops the demo and keeps its data.")

    def watch(self) -> None:
        """Keep the clinic's time until a child dies, or until make is told to stop."""
        remembered = time.monotonic()
        while not self.maker.is_leaving():
            self._check_children()
            if time.monotonic() - remembered > REMEMBER_SECONDS:
                self._remember_time()
                remembered = time.monotonic()
            time.sleep(WATCH_SECONDS)

    def close(self) -> None:
        """Stop what was started, in the order in which nobody misses anybody."""
        if self.is_awake:
            self._remember_time()
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop()
        if self.services is not None:
            self.services.stop()

    def _manage(self, label: str, *arguments: str) -> None:
        name = arguments[0]
        child = Child(name=name, log=self.home.logs / f"{name}.log", seconds_to_stop=5)
        with step(label) as show_seconds:
            child.launch([sys.executable, "manage.py", *arguments], environment=self.environment, folder=ROOT)
            try:
                while child.is_running():
                    self._check_services()
                    show_seconds()
                    time.sleep(0.1)
                if child.wait() != 0:
                    raise ServiceError(f"{label}: this step failed. {child.last_words()}")
            finally:
                child.stop()

    def _launch(self, name: str, command: list[str], *, seconds: float = 10) -> None:
        child = Child(name=f"The {name} process", log=self.home.logs / f"{name}.log", seconds_to_stop=seconds)
        self.children.append(child)
        child.launch(command, environment=self.environment, folder=ROOT)

    def _check_services(self) -> None:
        if self.services is not None:
            for server in (self.services.postgres, self.services.redis):
                _check(server)

    def _check_children(self) -> None:
        self._check_services()
        for child in self.children:
            _check(child)

    def _not_ready(self) -> str:
        """What the clinic still lacks, as a sentence; empty when it is ready."""
        # Not urllib, which would ask a proxy.
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException):
            return "The web server does not answer."
        except ValueError:
            return f"The web server answers nonsense; see {self.home.logs / 'web.log'}."
        finally:
            connection.close()
        return " ".join(answer["problems"].values())

    def _clinic_now(self) -> datetime:
        return (datetime.now(UTC) + self.offset).astimezone(clock.ZONE)

    def _clinic_day(self) -> str:
        return f"{self._clinic_now():%A %-d %B}"

    def _remember_time(self) -> None:
        self.is_awake = True
        self.home.remember(last_seen=self._clinic_now())


def run(home: Home, port: int) -> None:
    """The whole demo, until it is told to stop; raises `ServiceError` when something does not work."""
    with home.locked():
        check_port(port)
        home.prepare()
        demo = Demo(home, port)
        try:
            demo.start_services()
            demo.fill()
            demo.open()
            demo.watch()
        finally:
            ignore_signals()
            with step("Stopping"):
                demo.close()


def run_services(home: Home) -> None:
    """Only PostgreSQL and Redis, for working on the clinic by hand: prints the variables that lead to them."""
    with home.locked():
        home.prepare()
        demo = Demo(home, 8000)
        try:
            demo.start_services()
            ours = demo.environment.items() - os.environ.items()
            lines = [f"export {name}='{value}'" for name, value in sorted({*ours, ("DEBUG", "on")})]
            exports = home.folder / "env"
            exports.touch(mode=0o600)
            exports.write_text("\n".join(lines) + "\n")
            say("\n".join(lines))
            say(f"# In another terminal: . {exports}   Ctrl-C here stops both servers.")
            while not demo.maker.is_leaving():
                demo._check_services()
                time.sleep(WATCH_SECONDS)
        finally:
            ignore_signals()
            demo.close()


def reset(home: Home) -> None:
    """Forget the demo's data, secrets and clock."""
    with home.locked(), step("Deleting the demo's data"):
        home.wipe()


def check_port(port: int) -> None:
    """Raise `ServiceError` unless the port can be ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as problem:
            raise ServiceError(f"This user may not open port {port}; try: PORT=8001 make demo") from problem
        except OSError as problem:
            raise ServiceError(
                f"Port {port} is in use by another program; choose another: PORT={port + 1} make demo"
            ) from problem


def ignore_signals() -> None:
    """From now on nothing interrupts: what was started must be stopped."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _check(child: Child) -> None:
    if not child.is_running():
        raise ServiceError(f"{child.name} has ended. {child.last_words()}")


class Maker:
    """`make`, when it is what started us.

    Ctrl-C in a terminal reaches us as well; a signal sent to make alone does not, and make then waits for us without
    a word. Its handler first gives the signal back its default, so a make that is leaving catches fewer signals.
    """

    def __init__(self) -> None:
        self.process = os.getppid()
        self.signals = self._caught() if "MAKELEVEL" in os.environ else 0

    def is_leaving(self) -> bool:
        """Whether make was told to stop, or is gone."""
        return bool(self.signals & ~self._caught())

    def _caught(self) -> int:
        try:
            status = Path(f"/proc/{self.process}/status").read_text()
        except OSError:
            return 0
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        if facts["Name"] != "make":
            return 0
        ending = sum(1 << (number - 1) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM))
        return int(facts["SigCgt"], 16) & ending
