-- Forms that the public pages took, by the token each form carries: one sent twice is taken once, and who sent it may look at what came of it.
CREATE TABLE hall_form (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,              -- when
  hash BLOB NOT NULL,               -- of the token
  order_id INTEGER,                 -- the order, or …
  message_id INTEGER,               -- … the group's message that came of it
  joined INTEGER NOT NULL,          -- 1: added to an order that was open already
  phone_hash BLOB,                  -- of the telephone given, kept for a day, for the limit
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX hall_form_hash ON hall_form (county_id, hash);
CREATE INDEX hall_form_phone ON hall_form (county_id, phone_hash, id);
