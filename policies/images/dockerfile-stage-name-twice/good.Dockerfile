FROM debian:12 AS build
RUN make
FROM debian:12 AS runtime
USER 1000
