-- Shop events stand among the requests of access_events; and whether an event is an attempt is not
-- in its other columns. Every statement may run twice.

ALTER TABLE access_events
  ADD COLUMN IF NOT EXISTS origin LowCardinality(String) DEFAULT 'gateway',
  ADD COLUMN IF NOT EXISTS attempt Bool DEFAULT true;
