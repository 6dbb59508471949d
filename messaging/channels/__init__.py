"""The ways out: e-mail, and text messages through the gateway that the settings name."""

from django.conf import settings

from messaging.channels.base import Gateway
from messaging.channels.email import EmailGateway
from messaging.channels.sms_console import ConsoleGateway
from messaging.channels.sms_http import HttpGateway
from messaging.domain.states import Channel

SMS_GATEWAYS: dict[str, type[Gateway]] = {"console": ConsoleGateway, "twilio": HttpGateway}


def gateway_for(channel: Channel) -> Gateway:
    """The gateway that carries messages of `channel`."""
    return EmailGateway() if channel is Channel.EMAIL else SMS_GATEWAYS[settings.SMS["gateway"]]()
