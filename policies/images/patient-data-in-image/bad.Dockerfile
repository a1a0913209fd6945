FROM python:3.12-slim
COPY tests/case_001.nii.gz /data/ # violation
ADD scan.dcm /data/ # violation
USER 1000
