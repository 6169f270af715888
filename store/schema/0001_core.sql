-- What every room stands on: settings, the chained event table, and the replies to keys already used.
CREATE TABLE setting (
  county_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (county_id, name)
);

-- Append-only, hash-chained: the history of every subject, the audit, the live feed and the outbox.
-- hash = BLAKE2b-256(previous hash || canonical bytes of this row), see store/event.h.
CREATE TABLE event (
  county_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id INTEGER NOT NULL,
  data TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (county_id, seq)
);
CREATE INDEX event_subject ON event (county_id, subject_kind, subject_id, seq);

-- One row a write that carried an Idempotency-Key; id is time-ordered, so rows are appended and aged from the front.
CREATE TABLE request (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  key_hash INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  status INTEGER NOT NULL,
  reply TEXT NOT NULL,
  PRIMARY KEY (county_id, id, key_hash)
);
