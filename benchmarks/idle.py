"""Charge points that wait, and all of them back at once, as a section of the report."""

from benchmarks.connections import GARAGES, ConnectionFigures, Held, measure_connections
from benchmarks.contenders import Machine
from benchmarks.databases import Sqlite
from benchmarks.measured import Row, Section, Spread, stolen_text, usage_text
from benchmarks.plan import Plan
from benchmarks.progress import Tell

_HEAD = (
    *("", "charge points", "kB each", "connected after s", "served after s", "heartbeat p50 / p99 ms"),
    *("loop late at most ms", "by its own doing ms", "CPU: server / load / beside the load", "stolen"),
)


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    """Once: to hold ten thousand and to have them back takes two minutes."""
    tell(f"Connections: {plan.charge_points_together:,} charge points that wait, and come back")
    figures = await measure_connections(
        Sqlite(machine.folder / "evgraph.sqlite3").url,
        machine.folder,
        machine.cores,
        charge_points=plan.charge_points_together,
        garages=min(GARAGES, plan.charge_points_together),
        idle_s=plan.idle,
        without_frames_too=False,
    )
    return [
        Section(
            name="connections",
            title="Charge points that wait, and all of them back at once",
            head=_HEAD,
            lines=[_held(figures.held), _storm(figures)],
            rows=_rows(figures),
            how=_HOW,
        )
    ]


def _held(held: Held) -> tuple[str, ...]:
    return (
        "waiting",
        f"{held.charge_points:,}",
        f"{held.kb_each:.1f}",
        "",
        "",
        f"{held.heartbeat.p50_ms:.1f} / {held.heartbeat.p99_ms:.1f}",
        f"{held.lags.worst_ms:,.0f}",
        f"{held.lags.worst_own_ms:,.0f}",
        usage_text([held.usage]),
        stolen_text([held.usage]),
    )


def _storm(figures: ConnectionFigures) -> tuple[str, ...]:
    storm = figures.storm
    return (
        "back after a restart",
        f"{storm.charge_points:,}",
        "",
        f"{storm.connected_s:.1f}",
        f"{storm.served_s:.1f}",
        "",
        f"{storm.lags.worst_ms:,.0f}",
        f"{storm.lags.worst_own_ms:,.0f}",
        usage_text([storm.usage]),
        stolen_text([storm.usage]),
    )


def _rows(figures: ConnectionFigures) -> list[Row]:
    held, storm = figures.held, figures.storm
    many = f"{held.charge_points:,}"

    def row(title: str, unit: str, value: float, most: float, form: str = "{:,.0f}") -> Row:
        return Row(title=title, unit=unit, measured=Spread.of([value]), most=most, form=form)

    return [
        row(f"{many} idle charge points: memory each", "kB", held.kb_each, 35, "{:,.1f}"),
        row(f"{many} idle charge points: share of the core", "%", held.usage.server * 100, 15, "{:,.1f}"),
        row(f"{many} back at once: all served after", "s", storm.served_s, 60, "{:,.1f}"),
        row(f"{many} back at once: event loop late at most", "ms", storm.lags.worst_ms, 250),
    ]


_HOW = """\
Each charge point sends a heartbeat a minute; "kB each" is what the server's memory grew by, from before they came.
Then the server is started again, and all of them come back at the same moment: "served" is when the last was let in,
its status known again and its heartbeat answered. The loop's lag is measured inside the server
(`benchmarks/watched.py`); "by its own doing" is what its own thread was busy for meanwhile. SQLite, every frame kept.
One run.
"""
