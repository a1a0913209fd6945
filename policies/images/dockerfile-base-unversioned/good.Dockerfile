ARG CUDA=12.8.1
ARG BASE=nvidia/cuda:${CUDA}-runtime-ubuntu24.04
FROM golang:1.24 AS build
RUN go build ./...

FROM build AS test
RUN go test ./...

FROM scratch AS files
COPY --from=build /worker /worker

FROM registry.example:5000/base@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 AS tools

FROM ${BASE}
COPY --from=files /worker /worker
USER 1000
