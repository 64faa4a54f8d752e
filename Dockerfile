# The image that a cluster runs: Node, the libraries it is linked to, this project and its
# production dependencies. No shell, no npm, no package manager. `serve` is what it does unless
# told otherwise. Why it is put together like this: docs/decisions/0014-image.md

# The Node that all tests run on: the version of the development dependency `node`.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-trixie-slim

# Compiles. What comes of it is the same on every platform, so the builder's own is the fastest.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# A .npmrc for a registry that asks for a token is mounted here, where no layer keeps it.
RUN --mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc \
    npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && find dist -name '*.map' -delete
COPY manifests/samples manifests/samples
COPY LICENSE ./
# Files come with the modes of the checkout: what its owner alone may read, the image's user could not.
RUN mkdir -p /app/manifests \
    && mv package.json LICENSE dist /app/ \
    && mv manifests/samples /app/manifests/ \
    && chmod -R u=rwX,go=rX /app

# Installs what production needs. Node never loads types, source maps or addons for the runtime
# Bare, and they are half of what npm brings.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && find node_modules -type f \
        \( -name '*.ts' -o -name '*.[cm]ts' -o -name '*.map' -o -name '*.bare' \) -delete \
    && find node_modules -type d -empty -delete

# Gathers the rest of the root, on the platform that the image is for: Node and its libraries,
# who made them in the form that scanners read, their licences, and a user without rights. The
# last line starts Node there, so that a library which is missing fails the build.
FROM ${NODE_IMAGE} AS root
RUN set -eu; \
    mkdir /image; \
    libraries=$(ldd /usr/local/bin/node | grep -o '/[^ ]*'); \
    cp -L --parents /usr/local/bin/node $libraries /etc/os-release /etc/debian_version /image; \
    install -D -m 644 /usr/local/LICENSE /image/usr/share/doc/node/copyright; \
    mkdir -p /image/var/lib/dpkg/status.d; \
    for package in $(readlink -f $libraries | xargs dpkg-query --search | cut -d: -f1 | sort -u); do \
      dpkg-query --status "$package" > "/image/var/lib/dpkg/status.d/$package"; \
      install -D -m 644 "/usr/share/doc/$package/copyright" "/image/usr/share/doc/$package/copyright"; \
    done; \
    echo 'nonroot:x:65532:65532:nonroot:/:/usr/sbin/nologin' > /image/etc/passwd; \
    echo 'nonroot:x:65532:' > /image/etc/group; \
    echo 'hosts: files dns' > /image/etc/nsswitch.conf; \
    mkdir -m 1777 /image/tmp; \
    chroot /image /usr/local/bin/node --version

# Compiles ahead what the commands load that run on and on, so that no start has to:
# src/commands/compile-cache.ts has Node look for it where it is put here. Node keeps apart what
# its versions, platforms and users compiled, so that it is the image's platform and user here.
FROM ${NODE_IMAGE} AS compiled
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app /app
RUN set -eu; \
    cache=/app/node_modules/.cache/compiled; \
    install -d -o 65532 -g 65532 "$cache"; \
    NODE_COMPILE_CACHE="$cache" chroot --userspec=65532:65532 / \
      node --eval "fs.globSync([ \
          '/app/dist/commands/{run-command,serve,webhook,controller,proxy}.js', \
          '/app/dist/adapters/app-channel/*/*-app-channel.js', \
        ]).forEach((module) => import(module))"; \
    chown -R root:root "$cache"; \
    chmod -R u=rwX,go=rX "$cache"

FROM scratch
COPY --from=root /image /
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app /app
COPY --from=compiled /app/node_modules/.cache /app/node_modules/.cache
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="openfunction-dapr-webhook" \
      org.opencontainers.image.description="Admission webhook that decides how OpenFunction Functions meet Dapr: a sidecar in every pod, or one shared Dapr proxy." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# Probes and lifecycle hooks call `node` by its name.
ENV PATH=/usr/local/bin
# A number, because the kubelet cannot tell from a name whether it is root's.
USER 65532:65532
EXPOSE 9443 9440
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
