FROM debian:12 AS build
USER 0
RUN make

FROM jupyter/base-notebook:python-3.12
USER root
RUN chown -R 1000 /opt
USER ${NB_UID}
