-- Which orgs lie in which part of the organisation, itself and all below: for rights in SQL (grid/part.h). Imports write it; data from before this
-- table are given theirs at the next start.
CREATE TABLE org_part (
  county_id INTEGER NOT NULL,
  part_id INTEGER NOT NULL,
  org_id INTEGER NOT NULL,
  PRIMARY KEY (county_id, part_id, org_id)
);
CREATE INDEX org_part_above ON org_part (county_id, org_id);
