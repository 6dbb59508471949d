"""Text messages to nowhere, for demos and development: the log shows them. Refuses to pretend anywhere else."""

import logging
from datetime import datetime

from django.conf import settings

from messaging.channels.base import Envelope, TransientError
from messaging.channels.email import message_id

logger = logging.getLogger(__name__)


class ConsoleGateway:
    """Writes each text message to the log."""

    can_look_up = False

    def send(self, envelope: Envelope) -> str:
        if not (settings.DEMO or settings.DEBUG):
            raise TransientError("no_sms_gateway", "No gateway for text messages is set up; set SMS_GATEWAY.")
        logger.info("Text message to %s: %s", envelope.to, envelope.body)
        return message_id(envelope.key)

    def find(self, envelope: Envelope, *, since: datetime) -> str | None:
        raise NotImplementedError
