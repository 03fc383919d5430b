# A server in an image without anything else, run by nobody in particular.
#
#   docker build -t fhirlake .
#   docker run -p 8443:8443 -v data:/data -v keys:/keys -v /etc/tls:/tls:ro fhirlake
#
# The key of the store is made at first use, in /keys: keep it apart from /data, and keep a
# copy. Other flags go behind the name of the image, all of them, as they replace CMD.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/server ./examples/server
RUN mkdir -m 700 /out/data /out/keys && mkdir -m 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/server /server
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/keys /keys
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
VOLUME ["/data", "/keys"]
EXPOSE 8443
STOPSIGNAL SIGTERM
ENTRYPOINT ["/server"]
CMD ["-addr", "0.0.0.0:8443", "-tls-cert", "/tls/tls.crt", "-tls-key", "/tls/tls.key", "-store", "/data/store", "-key-file", "/keys/store.key", "-access-log"]
