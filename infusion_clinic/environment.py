"""Every setting that comes from outside, read and checked in one place.

Each variable may instead be given as ``NAME_FILE``, a path whose content is the value (for secrets). A missing or bad
variable stops the start, and every bad one is named at once. `.env.example` lists them all.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv, validate
from marshmallow import ValidationError

ROOT = Path(__file__).resolve().parent.parent

VARIABLES = (
    "SECRET_KEY",
    "FIELD_KEY",
    "BASE_URL",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "REDIS_URL",
    "EMAIL_URL",
    "EMAIL_FROM",
    "SMS_GATEWAY",
    "SMS_API_URL",
    "SMS_ACCOUNT",
    "SMS_TOKEN",
    "SMS_FROM",
    "TRUST_PROXY",
    "LOG_LEVEL",
    "ALIVE_FILE",
    "DEBUG",
    "DEMO",
    "DEMO_CLOCK_OFFSET_SECONDS",
)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The clinic's outside settings, all of them checked."""

    secret_key: str
    field_key: str
    base_url: str
    allowed_hosts: list[str]
    database: dict[str, Any]
    redis_url: str
    email: dict[str, Any]
    email_from: str
    sms_gateway: str
    sms_api_url: str
    sms_account: str
    sms_token: str
    sms_from: str
    debug: bool
    demo: bool
    demo_clock_offset_seconds: int
    trust_proxy: bool
    log_level: str
    alive_file: str

    @property
    def is_https(self) -> bool:
        """Whether people reach the site over TLS: cookies and HSTS follow."""
        return urlsplit(self.base_url).scheme == "https"


class _Reader(FileAwareEnv):
    """Reads variables and their files; an empty variable counts as missing, for that is what compose hands on."""

    def __init__(self) -> None:
        super().__init__(eager=False, strip_whitespace=True)
        self.file_problems: dict[str, list[str]] = {}

    def _get_value(self, env_key: str, default: Any) -> Any:
        file_key = f"{env_key}{self.file_suffix}"
        if os.environ.get(env_key) and os.environ.get(file_key):
            self.file_problems[env_key] = [f"is given twice, here and as {file_key}; keep one"]
            return default
        try:
            value = super()._get_value(env_key, default)
        except (OSError, ValueError):
            self.file_problems[env_key] = [f"{file_key} names a file that cannot be read"]
            return default
        return default if value == "" else value


def read() -> Environment:
    """Read the environment; raise `ImproperlyConfigured` naming every missing or bad variable."""
    env = _Reader()
    values = _values(env)
    problems: dict[str, list[str]] = {}
    try:
        env.seal()
    except EnvError as problem:
        found: dict[str, list[str]] = getattr(problem, "error_messages", {})
        problems |= {name: [_plain(word) for word in words] for name, words in found.items()}
    problems |= env.file_problems
    problems = _problems_together(values) | problems
    if problems:
        raise ImproperlyConfigured(_sentence(problems))
    database = dj_database_url.parse(values.pop("database_url"), conn_max_age=60, conn_health_checks=True)
    database["PASSWORD"] = values.pop("database_password") or database["PASSWORD"]
    values["allowed_hosts"] = _trimmed(values["allowed_hosts"])
    email = dj_email_url.parse(values.pop("email_url"))
    return Environment(database=dict(database), email=email, **values)


def _values(env: _Reader) -> dict[str, Any]:
    hex_key = validate.Regexp(r"^[0-9a-fA-F]{64}$", error="needs 64 hexadecimal digits (32 bytes)")
    gateways = validate.OneOf(["console", "twilio"], error="must be console or twilio")
    levels = validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"], error="must be DEBUG, INFO, WARNING or ERROR")
    redis = validate.Regexp(r"^(rediss?|unix)://", error="needs an address such as redis://redis:6379/0")
    long_enough = validate.Length(min=32, error="needs at least 32 characters")
    return {
        "secret_key": env.str("SECRET_KEY", validate=long_enough),
        "field_key": env.str("FIELD_KEY", validate=hex_key),
        "base_url": env.str("BASE_URL", validate=_web_address),
        "allowed_hosts": env.list("ALLOWED_HOSTS", validate=_no_wildcard),
        "database_url": env.str("DATABASE_URL", validate=_database_address),
        "database_password": env.str("DATABASE_PASSWORD", default=""),
        "redis_url": env.str("REDIS_URL", validate=redis),
        "email_url": env.str("EMAIL_URL", default="console://", validate=_email_address),
        "email_from": env.str("EMAIL_FROM", default="Infusion Clinic <clinic@example.org>"),
        "sms_gateway": env.str("SMS_GATEWAY", default="console", validate=gateways),
        "sms_api_url": env.str("SMS_API_URL", default="https://api.twilio.com", validate=_web_address),
        "sms_account": env.str("SMS_ACCOUNT", default=""),
        "sms_token": env.str("SMS_TOKEN", default=""),
        "sms_from": env.str("SMS_FROM", default=""),
        "debug": env.bool("DEBUG", default=False),
        "demo": env.bool("DEMO", default=False),
        "demo_clock_offset_seconds": env.int("DEMO_CLOCK_OFFSET_SECONDS", default=0),
        "trust_proxy": env.bool("TRUST_PROXY", default=False),
        "log_level": env.str("LOG_LEVEL", default="INFO", validate=levels),
        "alive_file": env.str("ALIVE_FILE", default=""),
    }


def _problems_together(values: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong between variables that are each fine alone."""
    problems = {}
    if values["demo_clock_offset_seconds"] and not values["demo"]:
        problems["DEMO_CLOCK_OFFSET_SECONDS"] = ["may move the clock in a demo only, and DEMO is off"]
    if values["sms_gateway"] == "twilio":
        for name in ("SMS_ACCOUNT", "SMS_TOKEN", "SMS_FROM"):
            if not values[name.lower()]:
                problems[name] = ["is needed because SMS_GATEWAY is twilio"]
    return problems


def _trimmed(words: list[str]) -> list[str]:
    return [word.strip() for word in words if word.strip()]


def _web_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValidationError("needs a web address such as https://clinic.example.org")


def _database_address(value: str) -> None:
    hint = "needs an address such as postgres://clinic@db:5432/clinic"
    try:
        database = dj_database_url.parse(value)
    except ValueError as problem:
        raise ValidationError(hint) from problem
    if not database["ENGINE"].endswith("postgresql") or not database["NAME"]:
        raise ValidationError(hint)


def _email_address(value: str) -> None:
    hint = "needs an address such as submission://user:password@mail.example.org:587, or console://"
    try:
        is_known = urlsplit(value).scheme in dj_email_url.SCHEMES
        dj_email_url.parse(value)
    except (KeyError, ValueError) as problem:
        raise ValidationError(hint) from problem
    if not is_known:
        raise ValidationError(hint)


def _no_wildcard(hosts: list[str]) -> None:
    if not _trimmed(hosts) or any("*" in host for host in hosts):
        raise ValidationError("needs the host names people use, comma separated, and no *")


def _plain(words: object) -> str:
    return "is not set" if str(words) == "Environment variable not set." else str(words)


def _sentence(problems: dict[str, list[str]]) -> str:
    lines = [f"  {name}: {'; '.join(words)}" for name, words in sorted(problems.items())]
    return "These environment variables are missing or bad (see .env.example):\n" + "\n".join(lines)
