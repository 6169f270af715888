-- Visits: which manager (grid organisation) has which customers, each month's plan, and what came of every visit. See visit/visit.h.

-- A cut of the county into grids, proposed, then accepted or not. state: 0 proposed, 1 in force, 2 was in force, 3 not taken.
CREATE TABLE visit_cut (
  county_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  state INTEGER NOT NULL,
  keep INTEGER NOT NULL,             -- 0 afresh, 1 present grids soft, 2 hard
  grids INTEGER NOT NULL,
  pieces_over INTEGER NOT NULL,
  mean_minutes DOUBLE PRECISION NOT NULL,
  deviation DOUBLE PRECISION NOT NULL,
  deviation_before DOUBLE PRECISION NOT NULL,
  radius_m DOUBLE PRECISION NOT NULL,
  moved DOUBLE PRECISION NOT NULL,   -- share of the work
  made_at BIGINT NOT NULL,
  made_by BIGINT NOT NULL,
  accepted_at BIGINT,
  before_id BIGINT NOT NULL,         -- the cut in force when this one was accepted; 0: the organisation as imported
  PRIMARY KEY (county_id, id)
);

CREATE TABLE visit_cut_grid (
  county_id BIGINT NOT NULL,
  cut_id BIGINT NOT NULL,
  org_id BIGINT NOT NULL,
  households INTEGER NOT NULL,
  households_before INTEGER NOT NULL,
  minutes DOUBLE PRECISION NOT NULL,
  minutes_before DOUBLE PRECISION NOT NULL,
  radius_m DOUBLE PRECISION NOT NULL,
  lon_e6 INTEGER NOT NULL,
  lat_e6 INTEGER NOT NULL,
  pieces INTEGER NOT NULL,
  customers BLOB NOT NULL,           -- their ids, 8 bytes each, little-endian
  PRIMARY KEY (county_id, cut_id, org_id)
);

-- A manager's month. households: 12 bytes each in order of the way: id (8, little-endian), working day of the month from 0, state
-- (0 to come, 1 visited, 2 refused, 3 given up), urgency and why it is due in bits, times missed.
CREATE TABLE visit_month (
  county_id BIGINT NOT NULL,
  org_id BIGINT NOT NULL,
  month INTEGER NOT NULL,            -- 202612
  version INTEGER NOT NULL,
  lon_e6 INTEGER NOT NULL,           -- where days begin and end
  lat_e6 INTEGER NOT NULL,
  days INTEGER NOT NULL,             -- working days
  planned INTEGER NOT NULL,
  visited INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  given_up INTEGER NOT NULL,
  missed INTEGER NOT NULL,           -- tries in vain
  findings INTEGER NOT NULL,
  doors_m DOUBLE PRECISION NOT NULL,
  base_m DOUBLE PRECISION NOT NULL,
  households BLOB NOT NULL,
  made_at BIGINT NOT NULL,
  PRIMARY KEY (county_id, org_id, month)
);

-- Every meeting, and every try: the history of a household.
CREATE TABLE visit (
  county_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  org_id BIGINT NOT NULL,
  month INTEGER NOT NULL,
  result INTEGER NOT NULL,           -- 1 visited, 2 refused, 4 missed
  note TEXT NOT NULL,                -- free text of persons: never in events
  order_id BIGINT NOT NULL,          -- of the finding, 0: none
  at BIGINT NOT NULL,
  staff_id BIGINT NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX visit_customer ON visit (county_id, customer_id, id);
