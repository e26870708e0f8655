"""How often and how long each road is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Times in seconds, of one run of one contender."""

    rounds: int
    readings: float
    board_query: float
    fan_out: float
    latency: float
    together: float
    idle: float
    grown: float
    grown_sessions: int
    warm_up: float
    has_peers: bool
    has_postgres: bool = True
    charge_points_together: int = 10_000
    most_boards: int = 1_000

    def __str__(self) -> str:
        return (
            f"{self.rounds} runs of each: readings {self.readings:g} s, board queries {self.board_query:g} s,"
            f" fan-out {self.fan_out:g} s, latency {self.latency:g} s, all together {self.together:g} s"
        )


THOROUGH = Plan(
    rounds=3,
    readings=3,
    board_query=1.5,
    fan_out=2,
    latency=5,
    together=10,
    idle=15,
    grown=1,
    grown_sessions=20_000,
    warm_up=0.6,
    has_peers=True,
)
QUICK = Plan(
    rounds=1,
    readings=1.5,
    board_query=1,
    fan_out=0.7,
    latency=2,
    together=3,
    idle=3,
    grown=0.5,
    grown_sessions=2_000,
    warm_up=0.5,
    has_peers=False,
    has_postgres=False,
    charge_points_together=1_000,
    most_boards=200,
)
# That the pieces run: no figure of it means anything.
TINY = Plan(
    rounds=1,
    readings=0.2,
    board_query=0.2,
    fan_out=0.2,
    latency=0.3,
    together=0.3,
    idle=0.3,
    grown=0.3,
    grown_sessions=100,
    warm_up=0.1,
    has_peers=False,
    has_postgres=False,
    charge_points_together=20,
    most_boards=3,
)
