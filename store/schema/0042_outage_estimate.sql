-- The most likely moment between eta_from and eta_until.
ALTER TABLE outage ADD COLUMN eta_likely INTEGER;
ALTER TABLE outage_eta ADD COLUMN eta_likely INTEGER;

-- How each repair went, for estimates to come: minutes of its stages (NULL: unknown), and how good the estimates were.
CREATE TABLE outage_repair (
  county_id INTEGER NOT NULL,
  outage_id INTEGER NOT NULL,
  cause TEXT NOT NULL,
  began INTEGER NOT NULL,
  waiting DOUBLE PRECISION NOT NULL,
  assign_min DOUBLE PRECISION,
  travel_min DOUBLE PRECISION,
  survey_min DOUBLE PRECISION,
  work_min DOUBLE PRECISION,
  estimates INTEGER NOT NULL,
  inside INTEGER NOT NULL,
  pinball_min DOUBLE PRECISION NOT NULL, -- sum over the estimates
  PRIMARY KEY (county_id, outage_id)
);
