FROM debian:12
RUN apt-get update && curl -sSL https://example.org/install.sh | bash -s -- --yes # violation
RUN sh -c "$(curl -fsSL https://example.org/install.sh)" # violation
USER 1000
