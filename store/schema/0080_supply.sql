-- Remedies of low voltage that were chosen: what was seen, what was promised, what was measured when it was done.
CREATE TABLE supply_choice (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,       -- the transformer
  order_id INTEGER NOT NULL,        -- the order of kind low_voltage
  day INTEGER NOT NULL,            -- local day since 1970 it was computed from
  chosen_at INTEGER NOT NULL,
  kinds INTEGER NOT NULL,          -- bits 1 << RemedyKind
  cause TEXT NOT NULL,
  remedy TEXT NOT NULL,            -- JSON, as shown
  cost_fen INTEGER NOT NULL,
  works_days INTEGER NOT NULL,
  worst_before_dv INTEGER NOT NULL, -- 0.1 V
  low_before INTEGER NOT NULL,
  worst_after_dv INTEGER NOT NULL, -- as computed
  low_after INTEGER NOT NULL,
  measured_dv INTEGER,             -- at the check
  measured_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX supply_choice_device ON supply_choice (county_id, device_id, id);
CREATE INDEX supply_choice_order ON supply_choice (county_id, order_id);
