-- The rules orders began under: one row a version of all rules together, as text. Orders name theirs.
CREATE TABLE rule_book (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  since INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (county_id, id)
);

-- One row an order. trail: what happened to it, "event@µs since accepted;" each (order/fold.h); the whole history stands in the event table.
CREATE TABLE orders (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  book_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  customer_id INTEGER,
  device_id INTEGER,
  org_id INTEGER,
  outage_id INTEGER,
  crew_id INTEGER,
  staff_id INTEGER,
  parent_id INTEGER,
  area INTEGER NOT NULL,
  urgency INTEGER NOT NULL,
  suspended INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  callback_tries INTEGER NOT NULL,
  reopened INTEGER NOT NULL,
  version INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  state_since INTEGER NOT NULL,
  closed_at INTEGER,
  source TEXT NOT NULL,
  what TEXT,
  description TEXT,
  caller_name TEXT,
  caller_phone TEXT,
  outcome TEXT,
  trail TEXT NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX orders_open ON orders (county_id, id) WHERE closed_at IS NULL;
CREATE INDEX orders_customer ON orders (county_id, customer_id, id);
CREATE INDEX orders_parent ON orders (county_id, parent_id) WHERE parent_id IS NOT NULL;

-- What was said at a step in free words, kept apart from the events, which go to every console. version: the order's after the step.
CREATE TABLE order_text (
  county_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (county_id, order_id, version)
);
