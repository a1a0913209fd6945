FROM python:3.12-slim AS weights
COPY plans.json dataset.json /models/
COPY convert_safetensors.py /app/
RUN pip install onnx safetensors && python -m worker --help
RUN aws s3 ls s3://models/
USER 1000
