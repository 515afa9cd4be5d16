#!/bin/sh
# Starts nginx with examples/nginx/nginx.conf, fitted to docker-compose.yml: other addresses, other
# paths, and the gateway's token. Each line that is changed has to be there exactly once.
set -eu
example=${1:-/etc/nginx/example.conf}
token_file=${TOKEN_FILE:-/run/secrets/gateway_token}
shop=${SHOP:-172.30.0.30:9000}
gatewatch=${GATEWATCH:-172.30.0.10:8080}
customers=${CUSTOMERS_FROM:-172.30.0.1}
listen=${LISTEN:-8000}
log=${LOG:-/var/log/nginx/gateway.log}
tmp=${TMP:-/tmp}
fitted=$tmp/nginx.conf

if [ ! -s "$token_file" ]; then
  echo "start.sh: $token_file is empty or missing; run deploy/compose/make-secrets.sh" >&2
  exit 1
fi
token=$(cat "$token_file")
umask 077
cp "$example" "$fitted"

# replace OLD NEW: neither holds a | or a line end.
replace() {
  if [ "$(grep -cF -- "$1" "$fitted")" != 1 ]; then
    echo "start.sh: expected exactly one line with '$1' in $example" >&2
    exit 1
  fi
  old=$(printf '%s' "$1" | sed 's/[][\.*^$]/\\&/g')
  new=$(printf '%s' "$2" | sed 's/[&\]/\\&/g')
  sed "s|$old|$new|" "$fitted" >"$fitted.next"
  mv "$fitted.next" "$fitted"
}

replace 'error_log /dev/stderr warn;' 'error_log stderr warn;'
replace 'pid /run/nginx.pid;' "pid $tmp/nginx.pid;"
replace 'access_log /var/log/nginx/access.log gatewatch;' "access_log $log gatewatch; client_body_temp_path $tmp/body; proxy_temp_path $tmp/proxy; fastcgi_temp_path $tmp/fastcgi; uwsgi_temp_path $tmp/uwsgi; scgi_temp_path $tmp/scgi;"
# In this example, whoever sits at this machine plays the customers, each with an address of its own.
replace '# set_real_ip_from 10.0.0.0/8;' "set_real_ip_from $customers;"
replace '# real_ip_header X-Forwarded-For;' 'real_ip_header X-Forwarded-For;'
replace 'server 127.0.0.1:9000;' "server $shop;"
replace 'server 127.0.0.1:8080;' "server $gatewatch;"
replace 'listen 8000;' "listen $listen;"
replace '# proxy_set_header Authorization "Bearer ...";' "proxy_set_header Authorization \"Bearer $token\";"

# The log is for the shipper to read; only the token is not.
umask 022
if [ "${CHECK_ONLY:-}" = yes ]; then exec nginx -t -e stderr -c "$fitted"; fi
exec nginx -e stderr -c "$fitted" -g 'daemon off;'
