-- The network and the organisation it stands under, as the last import left them. What a later package no longer names stays, marked
-- retired, because orders and events may speak of it; it is not loaded.
CREATE TABLE org (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  code TEXT NOT NULL,
  parent_id INTEGER NOT NULL,
  level TEXT NOT NULL,
  name TEXT NOT NULL,
  area_type TEXT NOT NULL,
  manager TEXT NOT NULL,
  manager_phone TEXT NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX org_code ON org (county_id, code);

-- parent_id 0: a source. position: index in preorder, NULL when retired. kind: GridKind. lon_e6, lat_e6: micro-degrees, WGS84.
CREATE TABLE device (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  parent_id INTEGER NOT NULL,
  position INTEGER,
  org_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  phases INTEGER NOT NULL,
  ownership INTEGER NOT NULL,
  lon_e6 INTEGER,
  lat_e6 INTEGER,
  rated_kva REAL NOT NULL,
  length_m REAL NOT NULL,
  conductor TEXT NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX device_code ON device (county_id, code);

-- Normally open, ready to feed a from b or b from a.
CREATE TABLE tie (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  kind INTEGER NOT NULL,
  device_a INTEGER NOT NULL,
  device_b INTEGER NOT NULL,
  lon_e6 INTEGER,
  lat_e6 INTEGER,
  retired_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX tie_code ON tie (county_id, code);

-- Rivers, roads and places under the network: the map's own JSON, see interop/backdrop.h.
CREATE TABLE backdrop (
  county_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (county_id)
);
