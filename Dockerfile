# The image of Fairlead, around the static binary that `make build` makes:
#
#   docker build --file Dockerfile --tag fairlead bin
#
# `make image` makes the same without a builder.
FROM scratch
COPY fairlead /fairlead
ENTRYPOINT ["/fairlead"]
