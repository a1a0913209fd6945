"""The source of metrics: a fixed number of questions; what was not answered whole is not assessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from auditor.errors import UsageError
from auditor.model import Resource
from auditor.reach import Reach, Unread
from auditor.sources.live import Needs, Reading, Request, live_origin, live_target
from auditor.sources.prometheus.asking import API_VERSION, Asking, NodeLabels, NoSeries, Row
from auditor.sources.prometheus.client import Client, Failed
from auditor.sources.prometheus.kinds import READERS
from auditor.sources.prometheus.options import PrometheusOptions, checked
from auditor.spans import Problem
from auditor.timestamps import stamp
from auditor.unknown import Unknown

GROUP = "metrics"
MAX_SKEW = 60.0
"""Seconds between two clocks that nobody needs to hear of."""


class PrometheusSource:
    """``--prometheus URL``. Options: :class:`auditor.sources.prometheus.options.PrometheusOptions`."""

    def __init__(self, request: Request, client: Client | None = None) -> None:
        try:
            self.options = checked(msgspec.convert(request.options, PrometheusOptions))
        except msgspec.ValidationError as error:
            raise UsageError(f"the options of --prometheus: {error}") from error
        self.client = client or Client(request.address, self.options)
        self.label = f"{GROUP}:{urlsplit(request.address).hostname or 'prometheus'}"

    def read(self, needs: Needs) -> Iterator[Reading]:
        """One reading. A kind whose questions were not answered whole is in its reach as unread."""
        wanted = [kind for kind in READERS if needs.wants(API_VERSION, kind)]
        skipped = Unknown("no chosen policy needs it", "choose a policy that judges it")
        reach = Reach("metrics", skipped=_unread((kind for kind in READERS if kind not in wanted), skipped))
        target = live_target(self.label, self.label, source=GROUP, taken=stamp(needs.now), reach=reach)
        reading = Reading(source="prometheus", label=self.label, taken=target.taken, targets=[target])
        try:
            now = self.client.now() if wanted else needs.now.timestamp()
        except Failed as failed:
            reach.unread = _unread(wanted, failed.unknown)
            self._problem(reading, failed)
            yield reading
            return
        target.taken = reading.taken = stamp(datetime.fromtimestamp(now, UTC))
        self._warn_of_skew(reading)
        asking = Asking(self.client, self.options, now, _labels(needs))
        for kind in wanted:
            self._read_kind(kind, asking, reading)
        yield reading

    def _read_kind(self, kind: str, asking: Asking, reading: Reading) -> None:
        target = reading.targets[0]
        assert target.reach is not None
        try:
            rows = list(READERS[kind](asking))
        except NoSeries as none:
            target.reach.unread |= _unread([kind], none.unknown)
        except Failed as failed:
            target.reach.unread |= _unread([kind], failed.unknown)
            self._problem(reading, failed)
        else:
            target.reach.read |= {(GROUP, kind)}
            target.resources += [self._resource(row) for row in rows]

    def _resource(self, row: Row) -> Resource:
        origin = live_origin(self.label, GROUP, f"{row.kind}/{row.namespace}/{row.name}".replace("//", "/"))
        return Resource(API_VERSION, row.kind, row.namespace, row.name, row.body, origin)

    def _problem(self, reading: Reading, failed: Failed) -> None:
        found = Problem(self.label, 0, 0, failed.unknown.reason, failed.unknown.repair)
        if found not in reading.problems:
            reading.problems.append(found)

    def _warn_of_skew(self, reading: Reading) -> None:
        skew = self.client.skew or 0.0
        if abs(skew) > MAX_SKEW:
            what = f"the metrics' server's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
            reading.warnings.append(
                Problem(self.label, 0, 0, f"{what}; windows end by its clock", "set both by NTP")
            )


def _unread(kinds: Iterable[str], why: Unknown) -> dict[tuple[str, str], Unread]:
    return {(GROUP, kind): Unread(API_VERSION, kind, why) for kind in kinds}


def _labels(needs: Needs) -> dict[str, NodeLabels]:
    """What clusters that were read before told of their nodes."""
    targets = [target for reading in needs.readings for target in reading.targets]
    nodes = [
        each for target in targets for each in target.resources if (each.group, each.kind) == ("", "Node")
    ]
    return {node.name: _of(node.labels) for node in nodes if node.labels}


def _of(labels: dict[str, Any]) -> NodeLabels:
    spot = (
        labels.get("karpenter.sh/capacity-type") == "spot"
        or labels.get("eks.amazonaws.com/capacityType") == "SPOT"
    )
    return NodeLabels(
        str(labels.get("node.kubernetes.io/instance-type", "")),
        str(labels.get("topology.kubernetes.io/region", "")),
        spot,
    )
