# gatewatch runs from its sources: Node 24 reads TypeScript as it is, so nothing is built here.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Without development packages: no second Node, no compiler, no linter. No package needs its install script.
# The embedded store (chDB, 550 MB) is kept with --build-arg EMBEDDED=true; a server needs no more than its URL.
ARG EMBEDDED=false
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && if [ "$EMBEDDED" != true ]; then rm -rf node_modules/chdb node_modules/@chdb; fi

FROM node:24-slim
LABEL org.opencontainers.image.title="gatewatch" \
      org.opencontainers.image.description="Runtime monitoring and anomaly detection for ecommerce API gateways" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 gatewatch \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/gatewatch --shell /usr/sbin/nologin gatewatch \
    && install -d -o gatewatch -g gatewatch -m 0750 /var/lib/gatewatch
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY detectors ./detectors
COPY runbooks ./runbooks

# Four slow questions would fill the default pool of four threads, and stop all file access and name look-ups. glibc raises the
# size from which memory is given back when it is freed, unless it is told: copies of the state then leave holes that stay.
ENV NODE_ENV=production UV_THREADPOOL_SIZE=16 MALLOC_MMAP_THRESHOLD_=131072
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
# Everything that is written: journal, positions, embedded store. The rest of the file system may be read-only.
VOLUME /var/lib/gatewatch
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell in between: SIGTERM reaches the service, which drains and saves.
ENTRYPOINT ["node", "/app/src/main.ts", "--config", "/etc/gatewatch/gatewatch.yaml"]
CMD ["run"]
