FROM debian:12
RUN curl -fsSLo install.sh https://example.org/v1/install.sh \
 && echo "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  install.sh" | sha256sum -c \
 && sh install.sh
RUN curl -fsSL https://example.org/key.asc | gpg --dearmor -o /usr/share/keyrings/key.gpg
RUN curl -fsSL https://example.org/a.tgz | tar xz
USER 1000
