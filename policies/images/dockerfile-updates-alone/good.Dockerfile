FROM debian:12
RUN apt-get update && apt-get install -y git
RUN apt-get update -y; apt-get upgrade -y
RUN apk update && apk add git
RUN yum -y update
RUN ./update lists
USER 1000
