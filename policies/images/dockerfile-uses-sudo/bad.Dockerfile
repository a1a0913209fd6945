FROM rayproject/ray:2.41.0
RUN cd /tmp && sudo apt-get update && sudo apt-get install -y git # violation
USER 1000
