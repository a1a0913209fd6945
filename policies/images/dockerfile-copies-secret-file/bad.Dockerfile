FROM python:3.12-slim
COPY .env /app/ # violation
COPY deploy/id_rsa /root/.ssh/ # violation
USER 1000
