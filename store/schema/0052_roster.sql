-- Who is on duty when, where it differs from the crew's usual shift; rounds to patrol.
CREATE TABLE roster (
  county_id INTEGER NOT NULL,
  crew_id INTEGER NOT NULL,
  day INTEGER NOT NULL,              -- 20261121, local; the day the duty begins
  duty INTEGER NOT NULL,             -- 0 off, 1 on duty, 2 standby: called in when needed
  from_minute INTEGER NOT NULL,
  until_minute INTEGER NOT NULL,     -- not after from: over midnight
  version INTEGER NOT NULL,
  PRIMARY KEY (county_id, crew_id, day)
);

CREATE TABLE patrol_round (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  reason TEXT NOT NULL,              -- what supply is secured for
  from_day INTEGER NOT NULL,
  until_day INTEGER NOT NULL,
  windows TEXT NOT NULL,             -- "06:00-09:00;18:00-21:00"
  minutes INTEGER NOT NULL,          -- a visit takes
  planned_day INTEGER NOT NULL,      -- visits are made up to this day
  retired_at INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);

CREATE TABLE patrol_place (
  county_id INTEGER NOT NULL,
  round_id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  PRIMARY KEY (county_id, round_id, device_id)
);
