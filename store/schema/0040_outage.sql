-- Outages, from found to closed. Words are small numbers: see outage/outage.h.
CREATE TABLE outage (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  is_open INTEGER NOT NULL,          -- 0, 1
  serial INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  pinned INTEGER NOT NULL,
  by_hand INTEGER NOT NULL,
  settled INTEGER NOT NULL,          -- gathering: no longer moved by calls
  since INTEGER NOT NULL,
  found_at INTEGER NOT NULL,
  last_call_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  assigned_at INTEGER,
  arrived_at INTEGER,
  restored_at INTEGER,
  closed_at INTEGER,
  customers_total INTEGER NOT NULL,
  customers_out INTEGER NOT NULL,
  customers_peak INTEGER NOT NULL,
  important_out INTEGER NOT NULL,
  households INTEGER NOT NULL,       -- as last told; those of open ones are counted from their orders
  calls INTEGER NOT NULL,
  calls_gone INTEGER NOT NULL,       -- of orders that are archived
  customer_seconds INTEGER NOT NULL, -- without supply, of those who have it again
  crew_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  crew_name TEXT NOT NULL,
  cause TEXT NOT NULL,
  eta_from INTEGER,
  eta_until INTEGER,
  eta_source INTEGER NOT NULL,
  undo INTEGER NOT NULL,             -- the dispatcher's last change, and what it takes to take it back
  undo_data TEXT NOT NULL,
  merged_into INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX outage_open ON outage (county_id, is_open, id);

-- Devices of an outage below which power is back.
CREATE TABLE outage_freed (
  county_id INTEGER NOT NULL,
  outage_id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (county_id, outage_id, device_id)
);

-- Times of restoration that were given, oldest first.
CREATE TABLE outage_eta (
  county_id INTEGER NOT NULL,
  outage_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  eta_from INTEGER,
  eta_until INTEGER,
  source INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  PRIMARY KEY (county_id, outage_id, number)
);
