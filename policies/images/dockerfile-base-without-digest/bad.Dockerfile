FROM python:3.12-slim # violation
USER 1000
