"""Growing and shrinking the tables: real rows first, then rows made from real rows.

A scale below 1 takes a sample of the real rows, in their order. A scale above 1 keeps every real
row and adds grown ones until there are ``round(scale * rows)``. Grown rows are real rows moved to
later years or to new customers, a little changed, in blocks that stay together (a day, a
customer), so that what belongs together still does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursekit.data.chance import bell, generator

FIRST_YEAR = 2013
MINUTES_PER_DAY = 24 * 60
DAY = 86_400  # seconds
MONTH_STARTS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
SUMMER_TIME_ENDED = 306  # 3 November 2013, counted from 0 for 1 January


def resize(name: str, real: pa.Table, scale: float) -> Iterator[pa.Table]:
    """Yield the rows of data set `name` at `scale`, block by block.

    Parameters
    ----------
    name : {"flights", "weather", "purchases", "decision"}
    real : pyarrow.Table
        The shipped rows.
    scale : float
        Above 0. 1 gives the shipped rows unchanged.
    """
    wanted = max(1, round(real.num_rows * scale))
    if wanted <= real.num_rows:
        yield _sample(name, real, wanted)
        return
    yield real
    missing = wanted - real.num_rows
    block = 0
    while missing > 0:
        block += 1
        grown = GROWERS[name](real, block, generator(name, block)).slice(0, missing)
        missing -= grown.num_rows
        yield grown


def _sample(name: str, real: pa.Table, wanted: int) -> pa.Table:
    order = generator(name, 0).permutation(real.num_rows)
    return real.take(pa.array(np.sort(order[:wanted])))


# Whole years of days


def _flights(real: pa.Table, years_later: int, rng: np.random.Generator) -> pa.Table:
    """Make one more year of flights; delays move together by up to 12 minutes."""
    days = _Year(real, years_later, weekly=True, rng=rng)
    rows = days.rows
    late = bell(rng, len(rows), 3)
    in_air = bell(rng, len(rows), 2)
    take = real.take(pa.array(rows))
    changed = days.dates() | {
        "dep_time": _clock(take["dep_time"], late),
        "dep_delay": pc.add(take["dep_delay"], late),
        "arr_time": _clock(take["arr_time"], late + in_air),
        "arr_delay": pc.add(take["arr_delay"], late + in_air),
        "air_time": pc.max_element_wise(pc.add(take["air_time"], in_air), 15, skip_nulls=False),
    }
    return _with(take, changed)


def _weather(real: pa.Table, years_later: int, rng: np.random.Generator) -> pa.Table:
    """Make one more year of weather; a day is warmer or colder as a whole, at every airport."""
    days = _Year(real, years_later, weekly=False, rng=rng)
    take = real.take(pa.array(days.rows))
    warmer = days.per_day(bell(rng, 365, 5)) * 18  # a tenth of a degree Celsius is 0.18 °F
    higher = days.per_day(bell(rng, 365, 4))
    changed = days.dates() | {
        "temp": _shift(take["temp"], warmer, per=100),
        "dewp": _shift(take["dewp"], warmer, per=100),
        "pressure": _shift(take["pressure"], higher, per=10),
    }
    return _with(take, changed)


class _Year:
    """Which real row stands for which row of a later year.

    Each day of that year takes all rows of a real day close to it: at most a week away and, when
    `weekly`, on the same day of the week, because a flight plan follows the week. There is no
    29 February.
    """

    def __init__(self, real: pa.Table, years_later: int, weekly: bool, rng: np.random.Generator):
        self.year = FIRST_YEAR + years_later
        day_of_row = _day_of_year(real)
        by_day = np.argsort(day_of_row, kind="stable")
        first = np.searchsorted(day_of_row[by_day], np.arange(366))
        source = self._source_days(weekly, rng)
        counts = np.diff(first)[source]
        day = np.repeat(np.arange(365), counts)
        within = np.arange(len(day)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = by_day[first[source][day] + within]
        hour = real["hour"].to_numpy()[rows]
        real_hours = ~((day == self._summer_time()[0]) & (hour == 2))  # the clock skips that one
        self.day, self.rows, self.hour = day[real_hours], rows[real_hours], hour[real_hours]

    def _source_days(self, weekly: bool, rng: np.random.Generator) -> np.ndarray:
        days = np.arange(365)
        if not weekly:
            source = np.clip(days + rng.integers(-7, 8, 365), 0, 364)
            return np.where(source == SUMMER_TIME_ENDED, source + 1, source)  # it has 25 hours
        moved = (_midnight(self.year) - _midnight(FIRST_YEAR)) // DAY % 7
        source = days + moved + 7 * rng.integers(-1, 1, 365)  # the same weekday
        return np.where(source < 0, source + 7, np.where(source > 364, source - 7, source))

    def per_day(self, value: np.ndarray) -> np.ndarray:
        """Repeat one value per day for each of the day's rows."""
        return value[self.day]

    def dates(self) -> dict[str, np.ndarray | pa.Array]:
        """Return year, month, day and time_hour of the new rows."""
        first = np.array(MONTH_STARTS)
        month = np.searchsorted(first, self.day, side="right")
        leap = (self._is_leap_year() & (month > 2)) * 1
        begins, ends = self._summer_time()
        summer = (self.day * 24 + self.hour >= begins * 24 + 2) & (
            self.day * 24 + self.hour < ends * 24 + 2
        )
        utc = (self.hour + np.where(summer, 4, 5)) * 3600
        seconds = _midnight(self.year) + (self.day + leap) * DAY + utc
        return {
            "year": np.full(len(self.rows), self.year),
            "month": month,
            "day": self.day - first[month - 1] + 1,
            "time_hour": pa.array(seconds, pa.int64()).cast(pa.timestamp("s", "UTC")),
        }

    def _is_leap_year(self) -> bool:
        return self.year % 4 == 0 and (self.year % 100 != 0 or self.year % 400 == 0)

    def _summer_time(self) -> tuple[int, int]:
        """Return its first and last day: second Sunday of March, first Sunday of November.

        Days are counted from 0 for 1 January, without 29 February (US law since 2007).
        """
        leap = int(self._is_leap_year())
        weekday = (_midnight(self.year) // DAY + 3) % 7  # of 1 January; Sunday is 6
        march, november = MONTH_STARTS[2], MONTH_STARTS[10]
        begins = march + (6 - (weekday + march + leap)) % 7 + 7
        ends = november + (6 - (weekday + november + leap)) % 7
        return begins, ends


def _midnight(year: int) -> int:
    """Return the seconds from 1970 to the first midnight of `year`, in UTC."""
    return int(np.datetime64(f"{year:04}-01-01", "s").astype(np.int64))


def _day_of_year(real: pa.Table) -> np.ndarray:
    starts = np.array(MONTH_STARTS)
    return starts[real["month"].to_numpy() - 1] + real["day"].to_numpy() - 1


def _clock(time: pa.ChunkedArray, minutes: np.ndarray) -> pa.Array:
    """Move times written as HHMM; midnight is 2400, as in the real table."""
    written = time.to_numpy(zero_copy_only=False)
    empty = np.isnan(written)
    hhmm = np.where(empty, 0, written).astype(np.int64)
    moved = (hhmm // 100 * 60 + hhmm % 100 + minutes) % MINUTES_PER_DAY
    moved = np.where(moved == 0, MINUTES_PER_DAY, moved)
    return pa.array(moved // 60 * 100 + moved % 60, pa.int64(), mask=empty)


def _shift(values: pa.ChunkedArray, steps: np.ndarray, per: int) -> pa.Array:
    """Add `steps` / `per` in whole steps, so that no rounding error stays in the digits."""
    real = values.to_numpy(zero_copy_only=False)
    moved = (np.rint(real * per) + steps) / per
    return pa.array(moved, pa.float64(), mask=np.isnan(real))


def _with(table: pa.Table, changed: dict[str, np.ndarray | pa.Array | pa.ChunkedArray]) -> pa.Table:
    for name, values in changed.items():
        column = pa.array(values) if isinstance(values, np.ndarray) else values
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), column)
    return table


# New customers, and the ten rows


def _purchases(real: pa.Table, block: int, rng: np.random.Generator) -> pa.Table:
    """Make as many new customers as there are real ones, each with a real one's history."""
    customer = real["customer_id"].to_numpy()
    ids, first, counts = np.unique(customer, return_index=True, return_counts=True)
    model = rng.integers(0, len(ids), len(ids))
    size = counts[model]
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    take = real.take(pa.array(np.repeat(first[model], size) + within))
    cents = np.rint(take["dollars"].to_numpy() * 100).astype(np.int64)
    percent = np.repeat(100 + bell(rng, len(ids), 4), size)
    days = take["date"].cast(pa.int32()).to_numpy() + np.repeat(bell(rng, len(ids), 3), size)
    opened, closed = (
        pc.cast(edge, pa.int32()).as_py() for edge in pc.min_max(real["date"]).values()
    )
    return _with(
        take,
        {
            "customer_id": np.repeat(ids[-1] * block + 1 + np.arange(len(ids)), size),
            "date": pa.array(np.clip(days, opened, closed).astype(np.int32)).cast(pa.date32()),
            "dollars": (cents * percent + 50) // 100 / 100,
        },
    )


def _decision(real: pa.Table, block: int, rng: np.random.Generator) -> pa.Table:
    """Make the ten rows once more in another order: at whole scales no share changes."""
    return real.take(pa.array(rng.permutation(real.num_rows)))


GROWERS: dict[str, Callable[[pa.Table, int, np.random.Generator], pa.Table]] = {
    "flights": _flights,
    "weather": _weather,
    "purchases": _purchases,
    "decision": _decision,
}
