-- When the crew that was sent is expected there, by its way as the planner knows it.
ALTER TABLE outage ADD COLUMN crew_due_at INTEGER;
