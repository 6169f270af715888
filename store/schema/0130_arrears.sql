-- What a customer owes, as the company's billing last stated it (people/arrears.h). Nothing owed: paid.
CREATE TABLE arrears (
  county_id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  owed_fen INTEGER NOT NULL,
  disconnected INTEGER NOT NULL,     -- 0, 1: switched off for it
  as_of INTEGER NOT NULL,            -- the statement's time
  told_at INTEGER NOT NULL,
  told_by TEXT NOT NULL,             -- actor
  PRIMARY KEY (county_id, customer_id)
);
