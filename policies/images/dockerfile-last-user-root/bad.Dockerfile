FROM jupyter/base-notebook:python-3.12
USER root # violation
RUN apt-get update && apt-get install -y git
