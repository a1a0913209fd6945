FROM debian:12
RUN apt update && apt install -y git # violation
USER 1000
