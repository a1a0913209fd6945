FROM nvidia/cuda:12.8.1-devel-ubuntu24.04 # violation
RUN make
USER 1000
