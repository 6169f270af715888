-- Lists of ended orders of one kind, and figures over months and years, without reading what they do not ask for.
CREATE INDEX orders_kind ON orders (county_id, kind, id) WHERE closed_at IS NOT NULL;
CREATE INDEX order_figure_period ON order_figure (county_id, kind, period);
