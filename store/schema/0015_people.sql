-- Customers: one household, one row; retired as devices are (see the network's tables). category, importance: people/customer.h.
CREATE TABLE customer (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  phone TEXT NOT NULL,
  meter TEXT NOT NULL,
  address TEXT NOT NULL,
  tags TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  lon_e6 INTEGER,
  lat_e6 INTEGER,
  contract_kw REAL NOT NULL,
  category INTEGER NOT NULL,
  importance INTEGER NOT NULL,
  phases INTEGER NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE UNIQUE INDEX customer_number ON customer (county_id, number);
