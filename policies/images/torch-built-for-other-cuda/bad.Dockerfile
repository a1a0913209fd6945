FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04
RUN pip install torch==2.6.0 --index-url https://download.pytorch.org/whl/cu118 # violation
USER 1000
