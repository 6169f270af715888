-- The second factor of a sign-in: a TOTP secret (RFC 6238), the last time step used, hashes of recovery codes.
CREATE TABLE staff_factor (
  county_id INTEGER NOT NULL,
  staff_id INTEGER NOT NULL,
  secret BLOB NOT NULL,
  confirmed INTEGER NOT NULL, -- 0: shown to the person, not yet proved
  last_step INTEGER NOT NULL, -- a code is good once
  recovery BLOB NOT NULL,     -- 16 bytes each, of those not used yet
  PRIMARY KEY (county_id, staff_id)
);
-- Whoever held every role there was holds every role there is, until there are others.
UPDATE staff SET roles = roles + 192 WHERE roles = 63;
