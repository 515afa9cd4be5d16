-- How sure a detector was: low, medium or high, and how many times over its floor. Rows of before have
-- neither. Every statement may run twice.

ALTER TABLE detections
  ADD COLUMN IF NOT EXISTS confidence LowCardinality(String) AFTER coverage,
  ADD COLUMN IF NOT EXISTS strength Float64 AFTER confidence;
