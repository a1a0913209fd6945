FROM debian:12
RUN apt-get -y update # violation
RUN apt-get install -y git
USER 1000
