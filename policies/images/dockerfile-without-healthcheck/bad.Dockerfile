FROM python:3.12-slim # violation
EXPOSE 8080
USER 1000
