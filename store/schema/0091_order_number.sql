-- A matter is followed by its number, whatever its id says of the time: a clock that was put back gives older numbers to newer ids.
CREATE INDEX orders_number ON orders (county_id, number);
-- For the same reason a form says when it was sent.
ALTER TABLE hall_form ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
