-- Readings of days still open, and late ones: one row a message and area, as it came but narrow (meter/message.h columns). digest: of all that follows,
-- so that the same message twice is one row. until_at: its last moment.
CREATE TABLE reading_batch (
  county_id INTEGER NOT NULL,
  day INTEGER NOT NULL,              -- local days since 1970-01-01
  area_id INTEGER NOT NULL,          -- the transformer's device id
  digest INTEGER NOT NULL,
  id INTEGER NOT NULL,               -- in the order of arrival
  roster_id INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  step_min INTEGER NOT NULL,
  moments INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL,
  payload BLOB NOT NULL,
  PRIMARY KEY (county_id, day, area_id, digest)
);
CREATE INDEX reading_batch_until ON reading_batch (county_id, until_at);

-- Whose values stand in a batch, in their order: 8 bytes a meter, little-endian; a customer's id, or minus the transformer's.
CREATE TABLE reading_roster (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,               -- of the keys' digest
  meters BLOB NOT NULL,
  PRIMARY KEY (county_id, id)
);

-- Closed days: one compressed block a meter and day (meter/block.h).
CREATE TABLE meter_day (
  county_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  meter_id INTEGER NOT NULL,
  voltage_min INTEGER,               -- 0.1 V, NULL unknown
  used INTEGER,                      -- 0.01 kWh, NULL unknown
  block BLOB NOT NULL,
  PRIMARY KEY (county_id, day, meter_id)
);

-- Which days of which area were closed, and what was found in them.
CREATE TABLE area_day (
  county_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  area_id INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  meters INTEGER NOT NULL,           -- that said anything
  supplied INTEGER,                  -- 0.01 kWh by the transformer's meter
  used INTEGER,                      -- by all customers
  voltage_min INTEGER,
  load_max INTEGER,                  -- 0.1 % of the rating
  PRIMARY KEY (county_id, day, area_id)
);

-- Set aside with its reason, counted; one row a reason, subject and day.
CREATE TABLE reading_aside (
  county_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  reason INTEGER NOT NULL,           -- AsideReason
  subject TEXT NOT NULL,             -- the meter's number, or the area's code, or ""
  source TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  detail TEXT NOT NULL,              -- of the last
  area_id INTEGER NOT NULL,          -- 0 unknown
  settled_at INTEGER,
  PRIMARY KEY (county_id, day, reason, subject)
);
