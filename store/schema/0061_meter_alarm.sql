-- What the watches raised, one row an alarm: an area and a watch. watch: WatchKind.
CREATE TABLE meter_alarm (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  is_open INTEGER NOT NULL,          -- 0, 1
  area_id INTEGER NOT NULL,
  watch INTEGER NOT NULL,
  since INTEGER NOT NULL,
  raised_at INTEGER NOT NULL,
  cured_at INTEGER,
  worst REAL NOT NULL,
  meters INTEGER NOT NULL,           -- the most households at once
  order_id INTEGER NOT NULL,         -- 0 none
  PRIMARY KEY (county_id, id)
);
CREATE INDEX meter_alarm_open ON meter_alarm (county_id, is_open, id);
CREATE INDEX meter_alarm_area ON meter_alarm (county_id, area_id, id);
