"""The suite's settings for workers in processes of their own: a provider on a port, and short leases."""

import os

from tests.settings import *  # noqa: F403

SMS = {
    "gateway": "twilio",
    "api_url": os.environ["CHAOS_SMS_URL"],
    "account": "AC1",
    "token": "secret",
    "sender": "+13125550199",
}
OUTBOX_PACE = {
    "batch": 10,
    "lease_seconds": 8,
    "provider_timeout_seconds": 1.5,
    "longest_conversation_steps": 5,
    "tries": 40,
    "first_wait_seconds": 0.5,
    "longest_wait_seconds": 2,
}
