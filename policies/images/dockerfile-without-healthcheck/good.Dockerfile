FROM python:3.12-slim
EXPOSE 8080
HEALTHCHECK CMD ["python", "-m", "worker", "health"]
USER 1000
