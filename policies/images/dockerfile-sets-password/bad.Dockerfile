FROM debian:12
RUN echo "root:$PASSWORD" | chpasswd # violation
USER 1000
