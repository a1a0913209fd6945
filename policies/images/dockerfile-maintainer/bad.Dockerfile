FROM debian:12
MAINTAINER platform@example.org # violation
USER 1000
