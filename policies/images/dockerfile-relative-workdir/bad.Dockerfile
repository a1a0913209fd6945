FROM debian:12
WORKDIR app # violation
USER 1000
