FROM python:3.12-slim
ARG HF_TOKEN # violation
ENV DB_PASSWORD=correct-horse # violation
RUN pip install worker
USER 1000
