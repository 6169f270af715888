-- What the crews' drives took: from the depart step to the arrive step of a job. Speeds by area and hour are learned from them (crew/travel.h).
CREATE TABLE crew_drive (
  county_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  crew_id INTEGER NOT NULL,
  from_lon_e6 INTEGER NOT NULL,
  from_lat_e6 INTEGER NOT NULL,
  from_zone INTEGER NOT NULL,        -- 0 country, 1 town
  to_lon_e6 INTEGER NOT NULL,
  to_lat_e6 INTEGER NOT NULL,
  to_zone INTEGER NOT NULL,
  departed_at INTEGER NOT NULL,
  arrived_at INTEGER,                -- absent: not arrived yet, or never
  PRIMARY KEY (county_id, job_id)
);
CREATE INDEX crew_drive_arrived ON crew_drive (county_id, arrived_at);
