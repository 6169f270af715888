-- Customers whose meter was found on another transformer than the books say, put right by a person. The file keeps what it says: from_device_id is the
-- file's word when this was done, and once a file says something else this row holds no longer. At most one of a customer is not undone.
CREATE TABLE customer_move (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  from_device_id INTEGER NOT NULL,
  to_device_id INTEGER NOT NULL,
  moved_at INTEGER NOT NULL,
  moved_by TEXT NOT NULL,            -- actor
  undone_at INTEGER,
  undone_by TEXT,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX customer_move_customer ON customer_move (county_id, customer_id, undone_at);
