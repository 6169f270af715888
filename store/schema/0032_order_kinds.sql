-- An order may be merged into another, goes to a part of the organisation, and counts the customer's calls in the same matter.
ALTER TABLE orders ADD COLUMN main_id INTEGER;
ALTER TABLE orders ADD COLUMN to_org_id INTEGER;
ALTER TABLE orders ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;

-- Figures of kinds by day (20261121, in Shanghai): n of of_n, and the sum of a number where the figure is one.
CREATE TABLE order_figure (
  county_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  figure TEXT NOT NULL,
  period INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  n INTEGER NOT NULL,
  of_n INTEGER NOT NULL,
  total DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (county_id, kind, figure, period, org_id)
);

-- Pictures and documents, held to an order or a group's message when one names them; their bytes stand apart, so that lists stay light.
CREATE TABLE attachment (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  order_id INTEGER,
  group_id INTEGER,
  type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  staff_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX attachment_order ON attachment (county_id, order_id, id) WHERE order_id IS NOT NULL;

CREATE TABLE attachment_body (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (county_id, id)
);

-- Links by which a customer answers without signing in; of the token only its hash is kept. No time of use: an anonymous answer cannot be
-- matched to it.
CREATE TABLE survey_link (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  token_hash BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX survey_link_token ON survey_link (county_id, token_hash);

-- What customers said, dimension by dimension. Anonymous ones have no order and no customer, an id of chance, and only the month.
CREATE TABLE satisfaction (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  order_id INTEGER,
  kind TEXT NOT NULL,
  org_id INTEGER NOT NULL,
  period INTEGER NOT NULL,
  answer TEXT NOT NULL,
  scores TEXT NOT NULL,
  note TEXT,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX satisfaction_period ON satisfaction (county_id, period);

-- The reward fund: what came in (positive) and what was paid for suggestions (negative), in fen. note: why money came in.
CREATE TABLE fund_entry (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  order_id INTEGER,
  amount_fen INTEGER NOT NULL,
  balance_fen INTEGER NOT NULL,
  note TEXT,
  PRIMARY KEY (county_id, id)
);
