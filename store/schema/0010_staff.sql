-- Who works here, and their sessions. Of a password only its Argon2id hash, of a session's token only its BLAKE2b-256 hash is kept.
CREATE TABLE staff (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  name TEXT NOT NULL,      -- to sign in with, in small letters
  full_name TEXT,
  roles INTEGER NOT NULL,  -- bits, people/staff.h
  org_id INTEGER NOT NULL, -- 0: the whole company
  crew_id INTEGER NOT NULL,
  password TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  last_seen INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX staff_name ON staff (county_id, name);

CREATE TABLE session (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  staff_id INTEGER NOT NULL,
  token_hash BLOB NOT NULL,
  begun INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
