-- One record may hold many log entries, and several of them may be rejected.
ALTER TABLE rejected_records
  ADD COLUMN IF NOT EXISTS `index` UInt32 AFTER `offset`,
  MODIFY ORDER BY (partition, `offset`, `index`);
