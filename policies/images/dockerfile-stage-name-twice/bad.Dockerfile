FROM debian:12 AS build # violation
RUN make
FROM debian:12 AS build # violation
RUN make
USER 1000
