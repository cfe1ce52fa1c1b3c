#!/bin/sh
# Signs what comes on standard input with a key inside a PKCS #11 token, for `ecu-bundle sign --command`.
# usage: ECU_TOKEN_PIN=... sign_with_token.sh ed25519|p256 MODULE TOKEN ID
#   MODULE  library of the token's maker, for instance /usr/lib/softhsm/libsofthsm2.so
#   TOKEN   label of the token
#   ID      of the key, in hexadecimal
# The PIN comes from the environment, so that no list of processes shows it.
set -eu
kind=$1 module=$2 token=$3 id=$4

sign() {
  pkcs11-tool --module "$module" --token-label "$token" --login --pin env:ECU_TOKEN_PIN --sign --id "$id" \
    --input-file /dev/stdin --output-file /dev/stdout "$@"
}

case $kind in
  ed25519) sign --mechanism EDDSA ;;
  # Not every token hashes by itself, so this hashes before; rs: r and s side by side, not DER.
  p256) openssl dgst -sha256 -binary | sign --mechanism ECDSA --signature-format rs ;;
  *) echo "an unknown kind of key: $kind" >&2; exit 2 ;;
esac
