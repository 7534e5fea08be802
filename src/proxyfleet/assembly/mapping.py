"""Settings as people write them into the settings of the rooms. Only names change here, never values."""

from dataclasses import fields
from typing import Any

from proxyfleet.gateway.settings import Failover, GatewaySettings, Limits, Timers
from proxyfleet.settings.kinds import Address
from proxyfleet.settings.schema import Settings
from proxyfleet.wire.answer_rules import parse_rule
from proxyfleet.wire.http1_head import HeadLimits


def gateway_settings(settings: Settings, own: Address | None = None) -> GatewaySettings:
    """What the gateway is told; `own` is the control address, which must never be reached through it."""
    told = settings.gateway
    return GatewaySettings(
        listen=told.listen,
        tls_certificate=told.tls_certificate or None,
        tls_key=told.tls_key or None,
        control=None,
        selector=told.selector,
        upstream_ca=told.upstream_ca or None,
        upstream_verify=told.upstream_verify,
        local_dns=told.local_dns,
        allow_clients=told.allow_clients,
        allow_private_targets=told.allow_private_targets,
        connect_ports=told.connect_ports,
        refuse_addresses=told.refuse_addresses | ({own} if own is not None else set()),
        answer_rules=tuple(map(parse_rule, told.answer_rules)),
        via=told.via,
        name_proxy=told.name_proxy,
        reuse_port=told.reuse_port,
        own_sockets=told.own_sockets,
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
