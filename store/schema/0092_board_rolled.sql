-- Sums of days that are over, for every part of the organisation with all below it (0: everything; -1: what belongs to no part known), so that
-- a board of any days reads few rows. period: 20261120 a day, 202611 a month, 2026 a year. They follow from promise_sum and order_figure.
CREATE TABLE promise_rolled (
  county_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  period INTEGER NOT NULL,
  promise TEXT NOT NULL,
  area INTEGER NOT NULL,
  measured INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (county_id, org_id, period, promise, area)
);
CREATE TABLE figure_rolled (
  county_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  period INTEGER NOT NULL,
  figure TEXT NOT NULL,
  n INTEGER NOT NULL,
  of_n INTEGER NOT NULL,
  total DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (county_id, org_id, kind, period, figure)
);
-- promise_sum and order_figure hold days only, and are read by the day.
DELETE FROM promise_sum WHERE period % 100 = 0;
DROP INDEX promise_sum_read;
DROP INDEX order_figure_period;
CREATE INDEX promise_sum_day ON promise_sum (county_id, period);
CREATE INDEX order_figure_day ON order_figure (county_id, period);
