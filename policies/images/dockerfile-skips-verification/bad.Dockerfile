FROM debian:12
ENV NODE_TLS_REJECT_UNAUTHORIZED=0 # violation
RUN curl -fsSkL https://example.org/tool -o /usr/bin/tool # violation
RUN pip install --trusted-host pypi.example worker # violation
RUN git config --global a b && GIT_SSL_NO_VERIFY=true git clone https://git.example/a # violation
USER 1000
