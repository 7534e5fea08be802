"""Settings as people write them into the settings of the rooms. Only names change here, never values."""

from dataclasses import fields
from typing import Any

from proxyfleet.gateway.settings import Failover, GatewaySettings, Limits, Timers
from proxyfleet.settings.kinds import Address
from proxyfleet.settings.schema import Settings
from proxyfleet.wire.http1_head import HeadLimits


def gateway_settings(settings: Settings, own: Address | None = None) -> GatewaySettings:
    """What the gateway is told; `own` is the control address, which must never be reached through it."""
    told = settings.gateway
    return GatewaySettings(
        listen=told.listen,
        control=None,
        selector=told.selector,
        allow_clients=told.allow_clients,
        allow_private_targets=told.allow_private_targets,
        connect_ports=told.connect_ports,
        refuse_addresses=told.refuse_addresses | ({own} if own is not None else set()),
        via=told.via,
        name_proxy=told.name_proxy,
        reuse_port=told.reuse_port,
        timers=Timers(**_values(settings.timers)),
        limits=_limits(settings),
        failover=Failover(**_values(settings.failover)),
    )


def _values(section: Any) -> dict[str, Any]:
    """Field by field; `Any` because the fields of a section have many types."""
    return {f.name: getattr(section, f.name) for f in fields(section)}


def _limits(settings: Settings) -> Limits:
    values = _values(settings.limits)
    head = HeadLimits(values.pop("head_line"), values.pop("head_block"), values.pop("head_fields"))
    return Limits(head=head, **values)
