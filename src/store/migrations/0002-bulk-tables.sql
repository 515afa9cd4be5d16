-- What is counted and sampled. A replay writes the same rows again, and the engine keeps one of each:
-- minute rows are absolute values and the highest version wins; requests and records are named by
-- where they were read (partition, offset, index). Every statement may run twice.

-- `part` is the offset that opened the minute: a minute that late events open a second time becomes
-- rows of its own, so sums over `part` and `partition` are the minute's figures.
-- latencyBuckets counts answers up to 1, 2, 5, 10, 20, 50, 100, 200, 500 ms, 1, 2, 5, 10, 20, 30, 60 s, and above.
CREATE TABLE IF NOT EXISTS endpoint_minutes
(
  minute DateTime('UTC'),
  partition LowCardinality(String),
  part UInt64,
  route String,
  method LowCardinality(String),
  country LowCardinality(String),
  gateway LowCardinality(String),
  endpointClass LowCardinality(String),
  version UInt64,
  requests UInt64,
  s2xx UInt64,
  s3xx UInt64,
  s4xx UInt64,
  s5xx UInt64,
  s0 UInt64,
  s401 UInt64,
  s403 UInt64,
  s404 UInt64,
  s429 UInt64,
  ok UInt64,
  failed UInt64,
  denied UInt64,
  limited UInt64,
  enforced UInt64,
  durationCount UInt64,
  durationSumMs Float64,
  durationMaxMs Float64,
  latencyBuckets Array(UInt64)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (minute, route, method, country, gateway, partition, part);

-- actor: `user:…`, `key:…`, or `other` for those beyond the bound.
CREATE TABLE IF NOT EXISTS actor_minutes
(
  minute DateTime('UTC'),
  partition LowCardinality(String),
  part UInt64,
  actor String,
  route String,
  version UInt64,
  requests UInt64,
  failures UInt64,
  refusals UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (minute, route, actor, partition, part);

CREATE TABLE IF NOT EXISTS limited_requests
(
  time DateTime64(3, 'UTC'),
  partition LowCardinality(String),
  `offset` UInt64,
  `index` UInt32,
  gateway LowCardinality(String),
  clientIp String,
  clientIpTrust LowCardinality(String),
  userId String,
  apiKey String,
  sessionId String,
  method LowCardinality(String),
  route String,
  endpointClass LowCardinality(String),
  path String,
  status UInt16,
  answeredBy LowCardinality(String),
  enforced Bool,
  country LowCardinality(String),
  asn UInt32,
  userAgent String,
  requestId String
)
ENGINE = ReplacingMergeTree
ORDER BY (partition, `offset`, `index`, time);

-- Earliest, latest and union stay what they are when a row is written twice; counts are in endpoint_minutes.
CREATE TABLE IF NOT EXISTS endpoints_seen
(
  route String,
  method LowCardinality(String),
  gateway LowCardinality(String),
  endpointClass SimpleAggregateFunction(anyLast, LowCardinality(String)),
  owner SimpleAggregateFunction(anyLast, String),
  firstSeen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
  lastSeen SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
  lastOkAt SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))),
  lastAnonymousOkAt SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC')))
)
ENGINE = AggregatingMergeTree
ORDER BY (route, method, gateway);

CREATE TABLE IF NOT EXISTS rejected_records
(
  time DateTime64(3, 'UTC'),
  partition LowCardinality(String),
  `offset` UInt64,
  source LowCardinality(String),
  reason LowCardinality(String),
  format LowCardinality(String),
  detail String,
  head String
)
ENGINE = ReplacingMergeTree
ORDER BY (partition, `offset`);

CREATE TABLE IF NOT EXISTS access_events
(
  time DateTime64(3, 'UTC'),
  partition LowCardinality(String),
  `offset` UInt64,
  `index` UInt32,
  gateway LowCardinality(String),
  clientIp String,
  clientIpTrust LowCardinality(String),
  userId String,
  apiKey String,
  sessionId String,
  deviceId String,
  method LowCardinality(String),
  host LowCardinality(String),
  path String,
  route String,
  endpointClass LowCardinality(String),
  status UInt16,
  outcome LowCardinality(String),
  answeredBy LowCardinality(String),
  enforced Bool,
  durationMs Nullable(Float64),
  upstreamMs Nullable(Float64),
  requestBytes Nullable(Float64),
  responseBytes Nullable(Float64),
  country LowCardinality(String),
  asn UInt32,
  userAgent String,
  requestId String,
  attributes Map(String, String)
)
ENGINE = ReplacingMergeTree
ORDER BY (partition, `offset`, `index`, time);
