-- What was said for and against outages, in the order in which it came, so that a restart believes what was believed before. Forgotten after some time.
CREATE TABLE outage_evidence (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind INTEGER NOT NULL,          -- LocateEvidenceKind of outage/locate.h; 100 power is back below, 101 the dispatcher: sound, 102 judge again
  on_device INTEGER NOT NULL,     -- 0, 1
  subject_id INTEGER NOT NULL,    -- of the customer or the device
  PRIMARY KEY (county_id, id)
);

-- Who reports by machine, since when and until when: silence of meters speaks only once they have spoken.
CREATE TABLE outage_feed (
  county_id INTEGER NOT NULL,
  name TEXT NOT NULL,             -- "meters"
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (county_id, name)
);
