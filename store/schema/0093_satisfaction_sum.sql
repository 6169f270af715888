-- Satisfaction by month, for every part of the organisation with all below it (0: everything; -1: what belongs to no part known). dimension '':
-- how many answered, and how many of them were satisfied; else how many gave a score in it, and their sum.
CREATE TABLE satisfaction_sum (
  county_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  period INTEGER NOT NULL,
  kind TEXT NOT NULL,
  named INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  answers INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (county_id, org_id, period, kind, named, dimension)
);
