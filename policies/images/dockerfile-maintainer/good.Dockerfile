FROM debian:12
LABEL maintainer=platform@example.org org.opencontainers.image.authors=platform@example.org
USER 1000
