FROM debian:12
RUN useradd -r -u 1000 worker && apt-get install -y libchpasswd
USER 1000
