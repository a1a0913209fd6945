FROM debian:12
ENV PYTHONHTTPSVERIFY=1
RUN curl -fsSL --keepalive-time 5 --cacert /ca.pem https://example.org/tool -o /usr/bin/tool
RUN pip install --index-url https://pypi.example/simple worker
RUN npm config set strict-ssl true && wget https://example.org/no-check-certificate
USER 1000
