FROM python:3.12-slim
ARG TOKENIZERS_VERSION=0.21
ARG TB_PASSWORD=""
ENV HF_TOKEN="" \
    MAX_TOKENS=512
ENV AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/token
ENV API_KEY=/run/secrets/key
RUN --mount=type=secret,id=hf HF_TOKEN=$(cat /run/secrets/hf) pip install worker
USER 1000
