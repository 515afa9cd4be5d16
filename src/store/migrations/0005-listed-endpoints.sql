-- Whether the inventory has an endpoint: only of those that are in it is it news that they answer
-- again after a month of silence. Every statement may run twice.

ALTER TABLE endpoints_seen
  ADD COLUMN IF NOT EXISTS listed SimpleAggregateFunction(anyLast, Nullable(Bool));
