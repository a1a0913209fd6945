FROM python:3.12-slim
COPY dcm2nii.py anniversary.txt /app/
RUN pip install pydicom nibabel
USER 1000
