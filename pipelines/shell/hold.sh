#!/bin/sh
# Hold a deploy until people released it, from any pipeline that can run a POSIX shell:
#
#   ANDON_URL=https://andon.example.com ANDON_KEY_FILE=/run/secrets/andon hold.sh v42
#
# Nothing runs without their yes. The exit code is the deploy's own where it ran. To hold something
# else, change the command after `--`.
set -eu

version=${1:?"usage: hold.sh VERSION"}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

code=0
andon run \
  --title "Deploy $version" \
  --category deployment \
  --reference "$version" \
  --option "deploy=Deploy $version" \
  --option "later=Not now:abort" \
  --decide-within 1h \
  --tail 20 \
  --result-file "$folder/result.json" \
  -- ./deploy.sh "$version" || code=$?

# The deploy may exit with any code; whether it ran, only the result says.
if grep -q '"ran": true' "$folder/result.json" 2>/dev/null; then
  echo "hold.sh: the deploy ran and exited with $code" >&2
else
  case $code in
    121) echo "hold.sh: people said no; do not run this pipeline again" >&2 ;;
    122) echo "hold.sh: somebody withdrew it" >&2 ;;
    123) echo "hold.sh: another run of this pipeline deploys it" >&2 ;;
    124) echo "hold.sh: nobody decided in time; run this pipeline again" >&2 ;;
    *) echo "hold.sh: it did not run ($code)" >&2 ;;
  esac
fi
exit "$code"
