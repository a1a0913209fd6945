FROM debian:12
ADD --checksum=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 https://example.org/tool /usr/bin/
ADD rootfs.tar.gz /
COPY https.md /docs/
USER 1000
