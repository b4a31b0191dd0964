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

# In the background, so that a pipeline that is cancelled withdraws its question at once: a shell
# takes no signal while it waits for a command before it.
andon run \
  --title "Deploy $version" \
  --category deployment \
  --reference "$version" \
  --option "deploy=Deploy $version" \
  --option "later=Not now:abort" \
  --decide-within 1h \
  --tail 20 \
  --result-file "$folder/result.json" \
  -- ./deploy.sh "$version" &
held=$!
trap 'kill -TERM "$held" 2>/dev/null || :' HUP INT TERM

# A signal ends a wait, too; the last one says how andon ended.
code=0
wait "$held" || code=$?
while kill -0 "$held" 2>/dev/null; do
  code=0
  wait "$held" || code=$?
done

# The deploy may exit with any code; whether it ran, only the result says.
if grep -q '"ran": true' "$folder/result.json" 2>/dev/null; then
  echo "hold.sh: the deploy ran and exited with $code" >&2
else
  case $code in
    121) echo "hold.sh: people said no; do not run this pipeline again" >&2 ;;
    122) echo "hold.sh: somebody withdrew it" >&2 ;;
    123) echo "hold.sh: another run of this pipeline deploys it" >&2 ;;
    124) echo "hold.sh: nobody decided in time; run this pipeline again" >&2 ;;
    143) echo "hold.sh: it was cancelled" >&2 ;;
    *) echo "hold.sh: it did not run ($code)" >&2 ;;
  esac
fi
exit "$code"
