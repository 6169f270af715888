-- Which server writes a county: see store/lease.h. is_held: 0, 1. token grows with every holder, beat while one lives.
CREATE TABLE lease (
  county_id INTEGER NOT NULL,
  token INTEGER NOT NULL,
  beat INTEGER NOT NULL,
  is_held INTEGER NOT NULL,
  holder TEXT NOT NULL,
  PRIMARY KEY (county_id)
);
