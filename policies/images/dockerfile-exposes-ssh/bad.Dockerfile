FROM debian:12
EXPOSE 8080 22/tcp # violation
USER 1000
