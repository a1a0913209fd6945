FROM debian:12
WORKDIR /app
WORKDIR ${HOME}/x
WORKDIR "/with space"
USER 1000
