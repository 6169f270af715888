-- Emergency groups: a thread for the households of a grid. Words and names stand here, never in events. state: of a message from households by their
-- link the token's hash is on the group. body_en: of what the program says itself.
CREATE TABLE chat_group (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  token_hash BLOB,
  at INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX chat_group_token ON chat_group (county_id, token_hash) WHERE token_hash IS NOT NULL;

CREATE TABLE group_message (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  author TEXT NOT NULL,              -- "staff:ID", "household", "system"
  author_name TEXT,
  customer_id INTEGER,
  body TEXT,
  body_en TEXT,
  attachment_id INTEGER,
  order_id INTEGER,
  at INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX group_message_thread ON group_message (county_id, group_id, id);
CREATE INDEX group_message_order ON group_message (county_id, order_id) WHERE order_id IS NOT NULL;
