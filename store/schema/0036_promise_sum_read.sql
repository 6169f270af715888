-- The board reads hundreds of thousands of sums: all of them from the index, in its order, and none from the table.
CREATE INDEX promise_sum_read ON promise_sum (county_id, promise, period, org_id, area, measured, kept, used);
