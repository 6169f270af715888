-- Meters that voltage puts at another transformer than the books: found by a search, accepted or refused by a person.
CREATE TABLE supply_stray (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  from_device_id INTEGER NOT NULL,   -- transformers
  to_device_id INTEGER NOT NULL,
  phases INTEGER NOT NULL,           -- bits A 1, B 2, C 4 it was found on there; 0 not told
  confidence INTEGER NOT NULL,       -- thousandths, of the transformer
  days INTEGER NOT NULL,             -- of readings it rests on
  found_at INTEGER NOT NULL,
  state INTEGER NOT NULL,            -- 0 open, 1 accepted, 2 refused, 3 accepted and taken back
  decided_at INTEGER,
  decided_by TEXT,                   -- actor
  PRIMARY KEY (county_id, id)
);
CREATE INDEX supply_stray_state ON supply_stray (county_id, state, id);
CREATE INDEX supply_stray_from ON supply_stray (county_id, from_device_id, state);
