FROM python:3.12-slim AS build
COPY .npmrc /root/
FROM python:3.12-slim
COPY --from=build /etc/ssl/private/site.pem /etc/
COPY .env.example /app/
COPY ca-bundle.pem /etc/ssl/certs/
COPY keys.py environment.yml /app/
USER 1000
