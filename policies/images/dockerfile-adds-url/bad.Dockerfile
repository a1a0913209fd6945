FROM debian:12
ADD https://example.org/model.tar.gz /opt/ # violation
USER 1000
