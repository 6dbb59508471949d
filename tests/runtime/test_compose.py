"""The production files say what the environment says."""

from typing import Any

import pytest
import yaml

from infusion_clinic import environment


@pytest.fixture(scope="module")
def compose() -> Any:
    """docker-compose.yml, with its anchors resolved."""
    return yaml.safe_load((environment.ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize("service", ["web", "worker", "beat", "migrate"])
def test_every_process_of_the_clinic_is_given_every_variable(compose: Any, service: str) -> None:
    given = compose["services"][service]["environment"]
    names = [name if name in environment.VARIABLES else name.removesuffix("_FILE") for name in given]
    assert sorted(names) == sorted(environment.VARIABLES)


def test_secrets_come_from_files(compose: Any) -> None:
    names = set(compose["services"]["web"]["environment"])
    assert {"SECRET_KEY_FILE", "FIELD_KEY_FILE", "DATABASE_PASSWORD_FILE"} <= names
    assert not {"SECRET_KEY", "FIELD_KEY", "DATABASE_PASSWORD"} & names


def test_the_database_and_redis_lose_nothing(compose: Any) -> None:
    postgres, redis = compose["services"]["postgres"], compose["services"]["redis"]
    assert {"synchronous_commit=on", "fsync=on", "full_page_writes=on"} <= set(postgres["command"].split())
    assert redis["command"][1:] == [
        *("--appendonly", "yes", "--appendfsync", "everysec"),
        *("--maxmemory-policy", "noeviction", "--save", ""),
    ]
    assert set(compose["volumes"]) == {"postgres", "redis"}


def test_everything_that_stays_up_is_checked_or_has_the_images_check(compose: Any) -> None:
    services = compose["services"]
    assert [name for name in ("worker", "beat", "postgres", "redis") if "healthcheck" not in services[name]] == []
    assert "HEALTHCHECK" in (environment.ROOT / "Dockerfile").read_text()


def test_the_image_is_locked_small_and_not_root() -> None:
    dockerfile = (environment.ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in dockerfile
    assert dockerfile.count("\nFROM ") + dockerfile.startswith("FROM ") == 2
    assert dockerfile.rindex("USER clinic") < dockerfile.rindex("CMD")
