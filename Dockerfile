# syntax=docker/dockerfile:1

# Squall, and nothing else: one static binary, the certificate authorities and the licences. Nothing in it has to be
# writable. docs/containers.md says how it is built and run.

# Where the program comes from: `build` compiles it, `prebuilt` takes it out of the context that `cargo xtask dist` makes.
ARG PROGRAM=build

# Built on the kind of processor that it is for, so there is no cross compiler to keep.
FROM rust:1.95-slim-bookworm AS build
# What Debian's C compiler would otherwise call on arm64 needs glibc.
ENV CFLAGS_aarch64_unknown_linux_musl=-mno-outline-atomics
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates musl-tools \
    && rm -rf /var/lib/apt/lists/* \
    && rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /squall
# All members of the workspace, because Cargo.toml names them. The example guests are not built.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/squall/target,sharing=locked \
    cargo build --profile dist --locked --target "$(uname -m)-unknown-linux-musl" --bin squall \
    && mkdir -p /image/work /image/cache /image/licenses \
    && cp LICENSE-APACHE LICENSE-MIT /image/licenses/ \
    && cp /etc/ssl/certs/ca-certificates.crt /image/ \
    && cp "target/$(uname -m)-unknown-linux-musl/dist/squall" /image/squall

FROM scratch AS prebuilt
ARG TARGETARCH
COPY $TARGETARCH /image

# hadolint ignore=DL3006
FROM ${PROGRAM} AS program

# With what k6 scripts, JavaScript, TypeScript and Python need to become components (`--target toolchains`). Their build
# tools are fetched here, so that a run needs no registry.
FROM debian:trixie-slim AS toolchains
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates nodejs npm python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY --from=program /image/squall /usr/bin/squall
COPY --from=program /image/licenses /licenses
COPY --from=program --chown=65532:65532 /image/work /work
COPY --from=program --chown=65532:65532 /image/cache /cache
# The tools are for every user: the image may be run as any.
# hadolint ignore=DL3003
RUN export XDG_CACHE_HOME=/opt HOME=/tmp/home && mkdir /tmp/home && cd /tmp/home \
    && squall new --lang javascript javascript && squall build javascript \
    && squall new --lang python python && squall build python \
    && rm -r /tmp/home /opt/squall/sdk /opt/squall/built && chmod -R a+rX /opt/squall
ENV SQUALL_TOOLS=/opt/squall/tools XDG_CACHE_HOME=/cache HOME=/cache
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/bin/squall"]
CMD ["--help"]

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Squall" \
      org.opencontainers.image.description="Load tests whose scripts are WebAssembly components" \
      org.opencontainers.image.source="https://github.com/squall-load/squall" \
      org.opencontainers.image.documentation="https://github.com/squall-load/squall/blob/main/docs/containers.md" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=program /image/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=program /image/licenses /licenses
COPY --from=program /image/squall /usr/bin/squall
# Where runs and reports go, and what is compiled or pulled. Both may be volumes, and neither has to be writable.
COPY --from=program --chown=65532:65532 /image/work /work
COPY --from=program --chown=65532:65532 /image/cache /cache
ENV XDG_CACHE_HOME=/cache
# By number, because Kubernetes' runAsNonRoot cannot look up a name.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/bin/squall"]
CMD ["--help"]
