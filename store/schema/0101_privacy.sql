-- Personal data of a household: asked to be erased by one person, done or refused by another. reason: free words, so here and not in the chain.
CREATE TABLE erasure (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  state INTEGER NOT NULL,            -- 0 asked, 1 erased, 2 refused
  asked_by INTEGER NOT NULL,         -- of the staff
  asked_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  decided_by INTEGER,
  decided_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX erasure_customer ON erasure (county_id, customer_id, id);
-- Set: the household's name, telephone, address, tags and place are gone, and imports do not bring them back.
ALTER TABLE customer ADD COLUMN erased_at INTEGER;
-- What makes the hash of a reason, which stands in the chain, mean nothing once the reason is erased.
ALTER TABLE customer_reveal ADD COLUMN salt BLOB;
