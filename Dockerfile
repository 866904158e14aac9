# The images of VoteApp: docker build --target vote|worker|front|operator|cli|dev .
#
# BUILD_BASE has Node.js and npm. RUNTIME_BASE has Node.js alone; whatever has `node` in /nodejs/bin or /usr/local/bin
# will do, as node:24-trixie-slim.
ARG BUILD_BASE=docker.io/library/node:24-trixie-slim
ARG RUNTIME_BASE=gcr.io/distroless/nodejs24-debian13:nonroot

# Of the machine that builds, whatever it builds for: what comes of it is JavaScript.
FROM --platform=${BUILDPLATFORM} ${BUILD_BASE} AS sources
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY apps/front/package.json apps/front/
COPY apps/vote/package.json apps/vote/
COPY apps/worker/package.json apps/worker/
COPY cli/package.json cli/
COPY operator/package.json operator/
COPY packages/contracts/package.json packages/contracts/
COPY packages/kit/package.json packages/kit/
COPY packages/queue/package.json packages/queue/
COPY packages/store/package.json packages/store/
COPY packages/web/package.json packages/web/
# A registry of one's own, and the authority that signed for it, are secrets of the build; neither is in a layer.
# Without scripts: the only one would bring a Node.js that is here already.
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca,target=/run/secrets/ca \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --ignore-scripts --no-audit --no-fund
COPY apps apps
COPY cli cli
COPY manifests manifests
COPY operator operator
COPY packages packages

# To work on it: the whole poll in one process, from its sources. Not by --watch, whose reports of imported files come
# among the messages of its threads.
FROM sources AS dev
USER 65532:65532
EXPOSE 8080 8081 8082
ENTRYPOINT ["node", "cli/src/main.ts"]
CMD ["up", "--host", "0.0.0.0", "--data", "/tmp/voteapp"]

FROM sources AS build
COPY scripts/bill-of-materials.ts scripts/bundle.ts scripts/licences.ts scripts/
RUN node scripts/bundle.ts

FROM ${RUNTIME_BASE} AS runtime
ENV NODE_ENV=production PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
WORKDIR /app
USER 65532:65532
COPY LICENSE /app/
ENTRYPOINT ["node", "/app/main.js"]
# The base's own, a shell or a script, would become an argument.
CMD []
# What a release says of itself. The time is the commit's, so that the same sources make the same image.
ARG RUNTIME_BASE
ARG BASE_DIGEST=unknown
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=unknown
LABEL org.opencontainers.image.title=VoteApp \
      org.opencontainers.image.description="A poll that counts every accepted vote exactly once" \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.documentation="${SOURCE}#readme" \
      org.opencontainers.image.base.name="${RUNTIME_BASE}" \
      org.opencontainers.image.base.digest="${BASE_DIGEST}"

FROM runtime AS vote
COPY --from=build /src/dist/vote /app
EXPOSE 8080 9090

FROM runtime AS worker
COPY --from=build /src/dist/worker /app
EXPOSE 8081 9090

FROM runtime AS front
COPY --from=build /src/dist/front /app
EXPOSE 8082 9090

FROM runtime AS operator
# For a small container: left alone, V8 lets garbage grow towards the limit, and malloc keeps a store for each thread.
ENV MALLOC_ARENA_MAX=1 NODE_OPTIONS="--max-semi-space-size=1 --max-old-space-size-percentage=40"
COPY --from=build /src/dist/operator /app
EXPOSE 9090

FROM runtime AS cli
COPY --from=build /src/dist/cli /app
