FROM golang AS build # violation
RUN go build ./...

FROM registry.example:5000/base:latest # violation
COPY --from=build /worker /worker
