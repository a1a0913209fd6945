FROM debian:12
ADD worker.py /opt/ # violation
USER 1000
