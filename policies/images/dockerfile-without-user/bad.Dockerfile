FROM golang:1.24 AS build
USER 1000
RUN go build -o /worker ./...

FROM debian:12-slim # violation
COPY --from=build /worker /worker
ENTRYPOINT ["/worker"]
