-- Phases of meters put right by a person from what voltage told. The files keep what they say; the room computes with these. The newest of a
-- customer that was not taken back holds.
CREATE TABLE supply_correction (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,       -- the transformer
  customer_id INTEGER NOT NULL,
  phases INTEGER NOT NULL,          -- bits A 1, B 2, C 4: one of them
  confidence INTEGER NOT NULL,      -- thousandths, as it was shown
  put_at INTEGER NOT NULL,
  put_by TEXT NOT NULL,             -- actor
  undone_at INTEGER,
  undone_by TEXT,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX supply_correction_device ON supply_correction (county_id, device_id, undone_at);
