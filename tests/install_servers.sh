#!/bin/sh
# Installs what the real-server suites need, on Debian or Ubuntu as root; elsewhere says what is left out.
set -eu

missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v javac >/dev/null 2>&1 || missing="$missing openjdk-17-jdk-headless"
command -v mvn >/dev/null 2>&1 || missing="$missing maven"
command -v faketime >/dev/null 2>&1 || missing="$missing faketime"
tesseract --list-langs 2>/dev/null | grep -qx kaz || missing="$missing tesseract-ocr tesseract-ocr-kaz tesseract-ocr-rus tesseract-ocr-eng"
ls /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf >/dev/null 2>&1 || missing="$missing fonts-dejavu-core"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # A running cluster of the distribution's own is not needed; the suite starts its own.
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Left out, because these are not installed and only root can install them:$missing"
    echo "  (suites: postgresql -> ledger on PostgreSQL, chromium -> browser, openjdk/maven -> Elasticsearch,"
    echo "   tesseract and DejaVu -> pictures with text)"
fi
