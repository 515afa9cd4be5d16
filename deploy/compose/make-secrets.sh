#!/bin/sh
# Makes the secrets of docker-compose.yml, each once, in deploy/compose/secrets (or the folder given).
# What exists already is kept; delete a file to get another secret. Needs openssl.
set -eu
folder=${1:-"$(dirname "$0")/secrets"}
mkdir -p "$folder"
# Others on this machine can't look into the folder; containers run as other users and must read the files.
chmod 700 "$folder"
umask 022

make() {
  [ -s "$folder/$1" ] || openssl rand -hex 32 | tr -d '\n' >"$folder/$1"
}

hash_of() {
  openssl dgst -sha256 -r "$folder/$1" | cut -d ' ' -f 1 | tr -d '\n'
}

for name in admin_token gateway_token viewer_token clickhouse_password clickhouse_reader_password grafana_password; do
  make "$name"
done
# gatewatch knows only the hashes of the tokens.
for name in admin_token gateway_token viewer_token; do
  hash_of "$name" >"$folder/${name}_sha256"
done

# ClickHouse knows only the hashes of the passwords. `grafana` reads the tables of gatewatch, and nothing else.
cat >"$folder/clickhouse-users.xml" <<XML
<clickhouse>
  <profiles>
    <gatewatch_reader>
      <readonly>2</readonly>
      <max_execution_time>30</max_execution_time>
      <max_memory_usage>1000000000</max_memory_usage>
    </gatewatch_reader>
  </profiles>
  <users>
    <gatewatch>
      <password_sha256_hex>$(hash_of clickhouse_password)</password_sha256_hex>
      <networks><ip>172.30.0.0/24</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT ALL ON gatewatch.*</query>
        <query>GRANT SELECT ON system.columns</query>
        <query>GRANT SELECT ON system.tables</query>
      </grants>
    </gatewatch>
    <grafana>
      <password_sha256_hex>$(hash_of clickhouse_reader_password)</password_sha256_hex>
      <networks><ip>172.30.0.0/24</ip></networks>
      <profile>gatewatch_reader</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT ON gatewatch.*</query>
      </grants>
    </grafana>
  </users>
</clickhouse>
XML
echo "secrets are in $folder; sign in to gatewatch with the token in $folder/admin_token, to Grafana as admin with $folder/grafana_password"
