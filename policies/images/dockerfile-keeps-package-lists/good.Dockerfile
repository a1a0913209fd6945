FROM debian:12 AS build
RUN apt-get update && apt-get install -y build-essential

FROM debian:12
RUN apt-get update \
 && apt-get install -y --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/*
RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl
RUN pip install apt-update
USER 1000
