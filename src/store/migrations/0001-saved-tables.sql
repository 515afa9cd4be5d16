-- What is acted upon: one row for each version of a thing, the highest version wins. `body` is the
-- whole thing as JSON; the other columns are what people ask by. Every statement may run twice.

CREATE TABLE IF NOT EXISTS detections
(
  id String,
  version UInt64,
  time DateTime64(3, 'UTC'),
  detector LowCardinality(String),
  title String,
  severity LowCardinality(String),
  state LowCardinality(String),
  mode LowCardinality(String),
  origin LowCardinality(String),
  coverage LowCardinality(String),
  sealed Bool,
  stale Bool,
  clientIpCertain Bool,
  `key` Map(String, String),
  clientIp String,
  userId String,
  apiKey String,
  country LowCardinality(String),
  route String,
  endpointClass LowCardinality(String),
  owner LowCardinality(String),
  firstSeen DateTime64(3, 'UTC'),
  firedAt DateTime64(3, 'UTC'),
  lastSeen DateTime64(3, 'UTC'),
  counters Map(String, Nullable(Float64)),
  summary String,
  targets Array(String),
  owasp Array(String),
  supersedes String,
  body String CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

CREATE TABLE IF NOT EXISTS incidents
(
  id String,
  version UInt64,
  time DateTime64(3, 'UTC'),
  runbook LowCardinality(String),
  title String,
  severity LowCardinality(String),
  state LowCardinality(String),
  `group` Map(String, String),
  team LowCardinality(String),
  openedAt DateTime64(3, 'UTC'),
  updatedAt DateTime64(3, 'UTC'),
  acknowledgedAt Nullable(DateTime64(3, 'UTC')),
  acknowledgedBy String,
  resolvedAt Nullable(DateTime64(3, 'UTC')),
  resolvedBy String,
  firstSeen DateTime64(3, 'UTC'),
  lastSeen DateTime64(3, 'UTC'),
  detectionCount UInt32,
  summary String,
  `keys` Array(String),
  targets Array(String),
  quiet String,
  reopened UInt32,
  body String CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

CREATE TABLE IF NOT EXISTS incident_events
(
  id String,
  version UInt64,
  time DateTime64(3, 'UTC'),
  incident String,
  kind LowCardinality(String),
  `by` String,
  text String,
  body String CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (incident, id);

CREATE TABLE IF NOT EXISTS decisions
(
  id String,
  version UInt64,
  time DateTime64(3, 'UTC'),
  number UInt64,
  uuid String,
  scope LowCardinality(String),
  value String,
  action LowCardinality(String),
  state LowCardinality(String),
  createdAt DateTime64(3, 'UTC'),
  until DateTime64(3, 'UTC'),
  origin LowCardinality(String),
  incident String,
  detection String,
  runbook LowCardinality(String),
  reason String,
  dryRun Bool,
  repeat UInt32,
  liftedBy String,
  liftedAt Nullable(DateTime64(3, 'UTC')),
  body String CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

CREATE TABLE IF NOT EXISTS deliveries
(
  id String,
  version UInt64,
  time DateTime64(3, 'UTC'),
  incident String,
  team LowCardinality(String),
  channel LowCardinality(String),
  kind LowCardinality(String),
  state LowCardinality(String),
  attempts UInt32,
  createdAt DateTime64(3, 'UTC'),
  updatedAt DateTime64(3, 'UTC'),
  nextAttemptAt DateTime64(3, 'UTC'),
  reference String,
  lastError String,
  repeated Bool,
  body String CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

CREATE TABLE IF NOT EXISTS silences
(
  id String,
  version UInt64,
  time DateTime64(3, 'UTC'),
  state LowCardinality(String),
  startsAt DateTime64(3, 'UTC'),
  endsAt DateTime64(3, 'UTC'),
  `by` String,
  createdBy String,
  createdAt DateTime64(3, 'UTC'),
  reason String,
  runbook LowCardinality(String),
  detector LowCardinality(String),
  `match` Map(String, String),
  body String CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;
