-- Switches that are reported open and ties whose state has been reported: how the network is fed now.
CREATE TABLE outage_switch (
  county_id INTEGER NOT NULL,
  is_tie INTEGER NOT NULL,        -- 0 a device, 1 a tie
  subject_id INTEGER NOT NULL,    -- its id
  closed INTEGER NOT NULL,        -- 0, 1
  at INTEGER NOT NULL,
  PRIMARY KEY (county_id, is_tie, subject_id)
);
-- Kinds 103 and 104 of outage_evidence speak of all devices from subject_id to last_id, in the network's order.
ALTER TABLE outage_evidence ADD COLUMN last_id INTEGER;
