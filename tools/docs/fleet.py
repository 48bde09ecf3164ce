"""What so many pictures take, from the measured throughput of a worker: core-hours, machines, money, network.

    python tools/docs/fleet.py [--pictures 1e9] [--megapixels 12] [--hours 24] [--cores 64] [--price 0.04]

`--price` is one core's for an hour, in whatever currency; the default is a round number to reckon with, not an offer.
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parents[2] / "results" / "scale.json"
PICTURES: Final = (1_000_000, 1_000_000_000)
MEGAPIXELS: Final = (1.0, 12.0)
HOURS, CORES, PRICE = 24.0, 64, 0.04


@dataclass(frozen=True)
class Fleet:
    """What a job takes: core-hours, machines to end in time, money, and gigabit a second in and out of a machine."""

    core_hours: float
    machines: int
    cost: float
    gigabits: float


def fleet(
    pool: dict[str, Any],
    pictures: float,
    megapixels: float,
    hours: float = HOURS,
    cores: int = CORES,
    price: float = PRICE,
) -> Fleet:
    """The fleet for so many pictures of this size, by the section `pool` of results/scale.json."""
    workers = pool["workers"]
    # As each works beside others, where that was slower than alone.
    rate = min(found["megapixels_per_second"] / int(count) for count, found in workers.items())
    core_hours = pictures * megapixels / rate / 3600
    moved = sum(pool["bytes_per_megapixel"].values()) * 8 / 1e9
    return Fleet(core_hours, math.ceil(core_hours / hours / cores), core_hours * price, rate * cores * moved)


def table(results: dict[str, Any]) -> str:
    """The fleets for a million and a billion pictures, small and large, as a table in Markdown."""
    lines = ["| pictures | core-hours | machines for a day | cost | network of each |", "|---|---|---|---|---|"]
    for pictures in PICTURES:
        for megapixels in MEGAPIXELS:
            need = fleet(results["pool"], pictures, megapixels)
            what = f"{pictures:,} of {megapixels:g} megapixel{'s' * (megapixels != 1)}"
            money = f"{need.cost:,.0f}"
            lines.append(
                f"| {what} | {need.core_hours:,.0f} | {need.machines:,} | {money} | {need.gigabits:.2f} Gbit/s |"
            )
    note = f"Machines of {CORES} cores, done within {HOURS:g} hours; a core-hour reckoned at {PRICE:.2f}; no start-up."
    return "\n".join([*lines, "", note])


def main() -> None:
    """Print one fleet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=float, default=PICTURES[0])
    parser.add_argument("--megapixels", type=float, default=MEGAPIXELS[-1])
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--cores", type=int, default=CORES, help="of a machine")
    parser.add_argument("--price", type=float, default=PRICE, help="of a core for an hour")
    options = parser.parse_args()
    need = fleet(json.loads(RESULTS.read_text(encoding="utf-8"))["pool"], **vars(options))
    print(f"{need.core_hours:,.0f} core-hours, {need.machines:,} machines, {need.cost:,.2f} in all,")
    print(f"{need.gigabits:.2f} Gbit/s of pictures in and out of each machine")


if __name__ == "__main__":
    main()
