# The program alone: a project is mounted, secrets come as the environment. docs/airflow.md
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /tributary ./cmd/tributary

FROM debian:bookworm-slim
# the certificates of PostgreSQL and of what is asked over HTTPS; the time zones of Debian's own clock
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata libstdc++6 && rm -rf /var/lib/apt/lists/* \
	&& useradd --uid 10001 --create-home tributary
COPY --from=build /tributary /usr/local/bin/tributary
USER 10001
WORKDIR /srv
ENTRYPOINT ["tributary"]
