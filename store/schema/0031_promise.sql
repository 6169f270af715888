-- Promises measured: one row a run of a clock that was stopped, and their sums by day and month.
CREATE TABLE order_clock (
  county_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  clock TEXT NOT NULL,
  run INTEGER NOT NULL,
  promise TEXT NOT NULL,
  promise_version TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  area INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  used INTEGER NOT NULL,
  limit_us INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  PRIMARY KEY (county_id, order_id, clock, run)
);
-- To go from a figure to the orders it counts.
CREATE INDEX order_clock_broken ON order_clock (county_id, promise, ended_at) WHERE kept = 0;

-- period: 20261121 a day, 20261100 a month (of the end of the clock, in Shanghai). A promise judged by its average needs the sum of used time.
CREATE TABLE promise_sum (
  county_id INTEGER NOT NULL,
  promise TEXT NOT NULL,
  period INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  area INTEGER NOT NULL,
  measured INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (county_id, promise, period, org_id, area)
);
