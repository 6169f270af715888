-- The crews' plan: what is to be done (outages, errands, visits of patrol rounds) and whose it is; its changes; who is on duty when; rounds.
-- Words are small numbers: see crew/plan.h. Times of the plan are not kept: they are computed anew from where everyone is.
CREATE TABLE plan_task (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,               -- of the outage, or its own
  is_open INTEGER NOT NULL,          -- 0, 1
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  outage_id INTEGER NOT NULL,        -- of what it helps; 0: none
  round_id INTEGER NOT NULL,         -- 0: none
  device_id INTEGER NOT NULL,
  window_from INTEGER,
  window_until INTEGER,
  service_s INTEGER NOT NULL,
  skills TEXT NOT NULL,              -- besides what the device asks for; ";" between
  members INTEGER NOT NULL,
  needs TEXT NOT NULL,               -- "item*quantity", ";" between
  slip_s INTEGER NOT NULL,           -- said to take so much longer
  without_crew INTEGER NOT NULL,     -- not for this crew: it is there already
  hand_crew INTEGER NOT NULL,        -- put there by hand, 0: by the planner
  hand_after INTEGER NOT NULL,       -- … and after this task
  accepted INTEGER NOT NULL,
  crew_id INTEGER NOT NULL,          -- whose it is in the plan in force, 0: nobody's
  place INTEGER NOT NULL,            -- 1, 2, … in that crew's order
  started_at INTEGER,                -- an errand under way, by crew_id
  closed_at INTEGER,
  PRIMARY KEY (county_id, id)
);
CREATE INDEX plan_task_open ON plan_task (county_id, is_open, id);

CREATE TABLE plan_change (
  county_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  task_id INTEGER NOT NULL,
  outage_id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  from_crew INTEGER NOT NULL,        -- 0: nobody
  to_crew INTEGER NOT NULL,
  why INTEGER NOT NULL,              -- bits
  earlier_s INTEGER NOT NULL,
  customers INTEGER NOT NULL,
  skills TEXT NOT NULL,              -- what the crew before lacks
  frees INTEGER NOT NULL,            -- the task the crew before does sooner instead
  reason INTEGER NOT NULL,           -- when nobody has it
  staff_id INTEGER NOT NULL,         -- by hand; 0: by the planner
  PRIMARY KEY (county_id, id)
);
