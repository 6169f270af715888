-- When a suspension ends by itself: the day it was asked for, by the company's zone.
ALTER TABLE orders ADD COLUMN suspended_until INTEGER;
