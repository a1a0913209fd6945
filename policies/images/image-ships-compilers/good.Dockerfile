FROM nvidia/cuda:12.8.1-devel-ubuntu24.04 AS build
RUN make

FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04
COPY --from=build /worker /worker
USER 1000
