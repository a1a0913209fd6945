FROM python:3.12-slim
COPY fold_0/checkpoint_final.pth /models/ # violation
RUN huggingface-cli download org/model --local-dir /models # violation
RUN wget -q https://example.org/unet.onnx -O /models/unet.onnx # violation
USER 1000
