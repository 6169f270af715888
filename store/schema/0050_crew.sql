-- Crews, their visits to outages step by step, and the stores. Words are small numbers: see crew/crew.h. Places in micro-degrees, NULL unknown.
CREATE TABLE crew (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  code TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  skills TEXT NOT NULL,
  members TEXT NOT NULL,
  phone TEXT NOT NULL,
  shift_from INTEGER NOT NULL,       -- minutes of the local day
  shift_until INTEGER NOT NULL,
  base_lon_e6 INTEGER,
  base_lat_e6 INTEGER,
  lon_e6 INTEGER,                    -- last known, written seldom
  lat_e6 INTEGER,
  heading INTEGER,
  placed_at INTEGER,
  version INTEGER NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (county_id, id)
);

CREATE UNIQUE INDEX crew_code ON crew (county_id, code);

CREATE TABLE stock (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  code TEXT NOT NULL,                -- "organisation/item", as imported
  org_id INTEGER NOT NULL,
  item TEXT NOT NULL,
  unit TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  lon_e6 INTEGER,
  lat_e6 INTEGER,
  retired_at INTEGER,
  PRIMARY KEY (county_id, id),
  CHECK (quantity >= 0)
);

CREATE UNIQUE INDEX stock_code ON stock (county_id, code);

CREATE TABLE job (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  is_open INTEGER NOT NULL,          -- 0, 1
  crew_id INTEGER NOT NULL,
  outage_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  cause TEXT NOT NULL,
  finding TEXT NOT NULL,             -- free text of persons: never in events
  note TEXT NOT NULL,
  assigned_at INTEGER NOT NULL,
  taken_at INTEGER,
  departed_at INTEGER,
  arrived_at INTEGER,
  surveyed_at INTEGER,
  working_at INTEGER,
  restored_at INTEGER,
  closed_at INTEGER,
  eta_from INTEGER,
  eta_until INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX job_open ON job (county_id, is_open, id);
CREATE INDEX job_outage ON job (county_id, outage_id, id);

-- Steps of the standard procedure that were recorded.
CREATE TABLE job_step (
  county_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  step TEXT NOT NULL,
  at INTEGER NOT NULL,
  staff_id INTEGER NOT NULL,
  PRIMARY KEY (county_id, job_id, step)
);

CREATE TABLE job_material (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  stock_id INTEGER NOT NULL,
  item TEXT NOT NULL,
  unit TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  state INTEGER NOT NULL,            -- 0 released, 1 given back
  at INTEGER NOT NULL,
  back_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX job_material_job ON job_material (county_id, job_id, id);
