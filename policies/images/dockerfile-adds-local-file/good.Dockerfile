FROM debian:12
ADD rootfs.tar.gz /
ADD https://example.org/tool /usr/bin/
ADD ${ARCHIVE} /opt/
COPY worker.py /opt/
USER 1000
