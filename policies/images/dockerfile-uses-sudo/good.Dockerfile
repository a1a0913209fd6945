FROM debian:12
RUN apt-get update && apt-get install -y sudo git && rm -rf /var/lib/apt/lists/*
USER 1000
