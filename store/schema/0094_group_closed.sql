-- A group that is over: its thread stays to be read, nothing more is said in it.
ALTER TABLE chat_group ADD COLUMN closed_at INTEGER;
