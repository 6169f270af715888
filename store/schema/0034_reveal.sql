-- Why somebody looked at a household's name and telephone: in free words, so not in the chained events, where nothing can be taken out again. The
-- event names the row.
CREATE TABLE customer_reveal (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX customer_reveal_customer ON customer_reveal (county_id, customer_id, id);
